// Package manage holds the commands that administer an environment: its APIs, applications, keys, tokens and ledger,
// and the environments of the organization.
//
// It does not own: credentials of applications (credentials); anything the server decides; the proof that the ledger
// is whole (internal/ledger).
//
// Enter at [Commands]: one noun each is one file.
package manage
