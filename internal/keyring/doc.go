// Package keyring keeps the keys that one environment's tokens are made with: signing keys for JWTs, and handle
// keys for opaque tokens.
//
// A signing key is next, then active, then retired. Next: verifiers can fetch it, nothing is signed with it.
// Active: it signs. Retired: its private half is destroyed and its public half stays until the last token that it
// signed has died. So a verifier that caches the key set for [MaxAge] meets no token that it cannot check. A key that
// somebody else may have is withdrawn instead, at the price of its tokens.
//
// Handle keys are numbered. One is made each day, a day before it is used, so that every node can open a handle
// before any node makes one with it.
//
// [Ring] reads and changes the rows; what decides there is the transaction's clock. [Set] is what [Ring.Load] makes
// of them: a snapshot that never changes, for the token path, which asks no database. Who changes keys writes the
// ledger event that tells other nodes to load them again; methods return what changed for that purpose.
//
// It owns the tables signing_key and handle_key. It does not own the form of tokens, which algorithm an API asks
// for, or when chores run.
//
// Enter at [New], then [Ring.Load].
package keyring
