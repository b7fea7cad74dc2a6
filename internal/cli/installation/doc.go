// Package installation holds the commands about what is on this machine: the server and its settings, the servers
// that the user knows, what is wrong with either, the version.
//
// It does not own: how the server is built and run (internal/server); the file of saved servers (contexts); what is
// examined (doctor); the commands that open a database or keys without a server (operator).
//
// Enter at [Commands].
package installation
