// Package factor keeps the second factors of users and says whether a code or a signature is right: time-based codes of
// an app (RFC 6238), recovery codes, codes by e-mail, and passkeys (WebAuthn).
//
// Every answer counts. Five wrong ones in a row lock a factor for an hour, a hundred until somebody removes it or unlocks
// its user. Answers are therefore given as a [Verdict] and not as an error: the transaction has to be committed whatever
// the answer is, or a guess would cost nothing.
//
// Between a password and its factor stands a state ([State]): a token of two minutes that is bound to a user, the factors
// that the user had, what it is for and the application that began it. It can be tried again until it is right or burnt.
//
// It owns: the table factor. It does not own: tickets, letters, passwords, sessions, nor who must use a factor when.
//
// Enter at [Authority]: EnrolTOTP, Confirm and Verify for administrators; Begin and Answer for whoever signs people in.
package factor
