// Package logon proves who a client is: by a secret, a certificate, an assertion or another issuer's token, and asks
// the gate whether it may come in. Every door that takes client credentials calls [Authority.Prove]; what a door owns is
// how they are written in its protocol, and its words of refusal.
//
// It owns the order of things: locks before secrets, every means in constant words, the gate after the proof, and what
// follows a use. It does not own the credentials, nor the counting of failures, nor the checks themselves; those are
// packages under credential.
//
// Unknown, wrong, locked and never had a secret are one to strangers: the same words, and one time, because refusals
// leave on a grid of 50 ms (in web) and everything before them that depends on the client fits into its first step.
// What does not fit is known: a slow check (see chosen), which a locked client is spared, tells of applications with
// chosen or imported secrets that they have them, and may tell that they are locked. Giving that up would let strangers
// burn a processor with clients that are locked.
//
// The path of a generated secret touches no database and allocates next to nothing. Chosen secrets do so after their
// first use. Assertions cost one write, because each counts once on all nodes.
package logon
