// Package application owns applications: who may call, and what they may at most ask for.
//
// An application's id is its client_id (RFC 6749 §2.2): a lowercase UUID that never changes and is never used
// again. Its permissions are the outer bound of every token; its credentials, which package credential owns,
// can only narrow them.
//
// Every function takes the transaction it works in and the actor who asks, so that a door can join several
// (an application and its first secret) into one change.
package application
