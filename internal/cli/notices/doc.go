// Package notices holds the commands about what a server tells others: webhooks, and mail about credentials that expire.
// They speak to the server through package client and work at a desk.
//
// It owns: these nouns and their verbs. It does not own: what all commands share (desk), or anything the server decides.
//
// Enter at [Commands].
package notices
