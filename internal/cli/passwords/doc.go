// Package passwords holds the commands about people's passwords: setting and removing one, what an environment demands of
// them, and making a list of breached ones, which needs no server.
//
// It owns: these verbs. It does not own: users (people), what all commands share (desk), how a list is laid out
// (directory/password/breach), or anything the server decides.
//
// Enter at [Commands] and [OfUser].
package passwords
