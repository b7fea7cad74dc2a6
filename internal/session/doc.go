// Package session keeps the browser sessions of people.
//
// A session is a cookie that a browser holds and a row that says whose it is. It is good as long as all of this holds,
// which is asked in one statement at every request ([Authority.Check]): the environment is enabled, the user is active
// and of the epoch in which the session began, the application that let the user in is as it was, nobody ended the
// session, it was seen within its idle limit and is younger than its absolute one. So deleting, suspending and locking a
// user, a new password and "log out everywhere" end its sessions without a list of them.
//
// A session knows when its person last proved themselves here ([StepUpFresh]); what only a person at the keyboard should do
// asks for that. A [Device] that a person had remembered stands for the second factor at a sign-in, and never for a proof.
//
// It owns: the tables session and remembered_device, the form of cookies, their limits. It does not own: how people prove who they are
// (directory), the cookie's attributes (the door), users.
//
// Enter at [Authority.Start], [Authority.Check] and [List].
package session
