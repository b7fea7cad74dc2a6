// Package register is each node's memory of what the token path must know, so that the token path reads no
// database.
//
// It holds every environment (with its APIs, permissions and keys, as immutable snapshots behind an atomic
// pointer), every client with its credentials (flat arrays without pointers, so that a million of them cost the
// garbage collector nothing) and every revoked token that has not expired. It is filled at start and corrected
// by the ledger's tail, and it knows how old its knowledge is ([Register.Fresh]).
//
// It owns no rules and hardly any SQL: rooms say how their rows are read. It does not decide; it answers
// [Client] values that the gate is asked about.
//
// Enter at [New], then [Register.Load] and [Register.Follow].
package register
