// Package ledgerapi serves the ledger: its events in pages, as they happen and as a file, its checkpoints, and the proof that
// nobody edited it.
//
// It owns: the wire form of events and checkpoints. It does not own: what is in them and what makes a proof (ledger), nor the
// bounds of streams (web/stream).
//
// Enter at [Resources.Operations].
package ledgerapi
