// Package password owns people's passwords: how they are spelled ([Normal]), what an environment demands of them
// ([Policy]), how they are kept ([Hasher]), and everything that can be done with them ([Authority]): set by an
// administrator, changed by their owner, verified, upgraded, counted against, removed.
//
// It does not own who people are and what state they are in (directory), the slow functions and their queue
// (credential/chosen, which the secrets of applications share), lists of breached passwords (breach, below), or links
// that reset a password (directory/ticket).
//
// # A transaction waits for no hash
//
// A slow hash takes 30 ms of a processor, an imported one up to a second, and SQLite has one writer. So all that is
// slow comes first, on the bounded workers that applications' secrets use: [Authority.Prepare] checks a password against
// the policy and returns it hashed; [Authority.Put] stores it inside the caller's transaction. Whatever was read before
// is compared again there.
package password
