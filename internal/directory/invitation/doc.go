// Package invitation asks people to join: a letter with a link, by which somebody becomes an active user.
//
// Whoever is invited by an address that nobody has is made a staged user at once, so that names and addresses are taken
// and the link is somebody's. Following the link activates the user (directory/recovery); the invitation itself is a
// record of who asked whom, when and for what, and its state follows from its ticket.
//
// It owns: the table invitation. It does not own: links (ticket), what they do (recovery), what letters say (letter),
// where an application may send people (application).
//
// Enter at [Authority.Invite], [List] and [Authority.Withdraw].
package invitation
