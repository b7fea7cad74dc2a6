// Package notice tells people and systems what the ledger says.
//
// Two ways lead out, each a room of its own: [webhook] posts signed messages to the endpoints of an environment, and
// [mail] writes to people about credentials that expire. Both are driven by the ledger: each keeps the number of the
// event up to which it has made messages, and a message is kept until it has arrived or was given up in plain sight.
// Nothing is therefore lost by a crash, and a crash between sending and taking note of it sends a message again,
// under the same id.
//
// What both need stands here: when a message is tried again ([Next]) and how much of a foreign answer is kept
// ([Clean]).
//
// It does not own: the ledger, what its events mean, when a credential expires, and the way out to the network,
// which is handed in.
//
// Enter at [webhook.Authority.Run] and [mail.Office.MailDue].
//
// [webhook]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice/webhook
// [mail]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice/mail
// [webhook.Authority.Run]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice/webhook#Authority.Run
// [mail.Office.MailDue]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice/mail#Office.MailDue
package notice
