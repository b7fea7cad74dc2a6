// Package environment owns organizations and their environments.
//
// An environment is the unit of isolation: every row of every room carries its id in key and query, it has its
// own issuer, keys, APIs, applications and ledger, and nothing in one can name a thing in another. One of them,
// the default, is born with the installation and served at the root of the base URL; the others are
// administered from it and served under /{id} and, if they have one, /{slug}.
//
// It also records the life of an environment's signing keys, which keyring keeps.
//
// Enter at [Authority].
package environment
