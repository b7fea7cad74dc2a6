// Package people holds the commands about the people of an environment: users, and the roles that they hold.
//
// It owns: how they look on the command line. It does not own: what commands have in common (desk), how the server is spoken
// to (client).
//
// Enter at [Commands].
package people
