// Package letter writes to single people about their own account: an invitation, an activation, a new password, a code.
//
// [Post] queues a letter in the caller's transaction, so that it is sent if and only if what it is about has happened. What
// it says, with the link or the code in it, is sealed until it was sent or given up, and erased then. [Office.Run] sends:
// several at once, new ones before those that failed, so that neither a mail server that hangs nor a recipient whose
// letters do not get through holds up the others. A letter is tried until what it carries expires, at most 24 hours.
//
// A letter is text and HTML that say the same, in English, German, French or Spanish, out of the templates in text/. It
// loads nothing and counts nobody. It has at most one link, and that is ours: words of strangers (a name, an inviter's
// text) can neither be one nor become one in a mail program ([Defang]).
//
// It owns: the table letter. It does not own: tickets, codes and who may have one, and how mail leaves ([mail.Carrier]).
//
// Enter at [Post] and [Office.Run].
//
// [mail.Carrier]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice/mail#Carrier
package letter
