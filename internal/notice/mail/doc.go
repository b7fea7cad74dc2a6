// Package mail writes to people: about credentials that expire, to the addresses that an environment names.
//
// [Office.MailDue] reads the ledger on from where it stopped, collects events of [notice.ExpiringKind], and makes one
// mail per address out of what has come together: at most one a day, or one an hour when something expires within a
// day. Ten minutes pass before the first event is told, so that what is found together arrives together.
//
// A mail is a row until the mail server has taken it or it was given up ([Mails], [Office.Retry]); its text comes from
// the ledger when it is sent. A crash between the server's yes and our note of it sends a mail a second time, under
// the same Message-ID; nothing else does.
//
// Mails leave through a [Carrier]: [SMTP] or, for trying out, [Mailbox], which keeps the last [MailboxSize] of them to
// be read.
//
// It owns: notice_address, notice_position, notice_item, notice_mail and mailbox_message. It does not own: when a
// credential counts as expiring.
//
// Enter at [SetAddresses] and [Office.MailDue].
//
// [notice.ExpiringKind]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice#ExpiringKind
package mail
