// Package founder makes the first administrator of an installation who is a person, by a link that is good once and for half an
// hour, and lets a person in again who is locked out of everything. Whoever may print a link has the database and the root key
// already, so nobody's permission is asked.
//
// It owns: when there may be a link, and what it does. It does not own: users, passwords, factors, roles and tickets, which have
// rooms of their own; pages (signin); the commands (cli/operator).
//
// Enter at [Authority].
package founder
