// Package connectionapi is the part of the management API that is about other people's systems: providers, connectors,
// connections with their tokens, and the sessions in which customers enter them.
//
// It owns: what these look like on the wire. It does not own: what they are (connect), how a token stays fresh
// (connect/fresh), the page (connectapi), requests, versions and idempotency (rest).
//
// Enter at Resources.
package connectionapi
