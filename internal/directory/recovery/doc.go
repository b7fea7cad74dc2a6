// Package recovery lets people at their own accounts by a link in a mail: to set a first password, to accept an invitation,
// or to set a new password in place of one that is lost.
//
// [Authority.Look] says what a page shows before anything is typed and uses nothing up, because programs that look after
// mail follow links. [Authority.Finish] uses the link and does what it is for, in one transaction. [Authority.Ask] takes the
// request of somebody who has lost a password: it returns at once and says the same to everybody, and the work is done
// behind it, so that neither words nor time tell who is a user.
//
// A link sets a password only for somebody who has none. Whoever has one gets a new one through a reset alone, and a reset
// is mailed only to an address that the user is known to read: who can write an address into a user's profile could else
// become that user.
//
// It owns: no table; what a link does. It does not own: tickets (ticket), passwords and their policy (password), what mails
// say (notice/letter), whom an administrator or an application may invite, nor the pages themselves.
//
// Enter at [Authority].
package recovery
