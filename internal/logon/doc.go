// Package logon proves who a client is: by a secret, a certificate, an assertion or another issuer's token, and asks
// the gate whether it may come in. Every door that takes client credentials calls [Authority.Prove]; what a door owns is
// how they are written in its protocol, and its words of refusal.
//
// It owns the order of things: locks before secrets, every means in constant words, the gate after the proof, and what
// follows a use. It does not own the credentials, nor the counting of failures, nor the checks themselves; those are
// packages under credential.
//
// The path of a generated secret touches no database and allocates next to nothing. Chosen secrets do so after their
// first use. Assertions cost one write, because each counts once on all nodes.
package logon
