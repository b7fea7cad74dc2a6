// Package webhook posts what the ledger says to other systems, as Standard Webhooks (https://www.standardwebhooks.com).
//
// An environment has up to [MaxEndpoints] endpoints. Each remembers the number of the event up to which it has made
// deliveries, so that the ledger itself is the queue: [Authority.Run] reads on from there, keeps one row per message
// that is still to arrive and takes the text of the message from the ledger when it is sent.
//
// # What a receiver can rely on
//
//   - Every event of the chosen kinds arrives at least once, or stands in the list of dead deliveries. The header
//     webhook-id is the same for every attempt, and no other event of this or another endpoint has it.
//   - Events about one subject come in order: the next waits until the one before has arrived or was given up. Events
//     about other subjects do not wait. Only a replay, which somebody asks for, sends an old event after a newer one.
//   - More than [BatchOver] events of one kind that one request caused, in what is read at once, come as one message
//     with their first and last number. Nothing overtakes it, and it overtakes nothing.
//   - An answer of 2xx within ten seconds is success, 410 disables the endpoint, anything else is tried again as
//     [notice.Next] says. Redirects are not followed.
//
// # What it costs others
//
// Nothing waits for a delivery, and deliveries have workers and a share of the database connections of their own. An
// endpoint that failed three times in a row is asked once, at most once a minute, until it answers. On PostgreSQL a
// lease per endpoint sees to it that one node delivers to it.
//
// It owns: webhook_endpoint, webhook_secret and webhook_delivery. It does not own: the way out ([Sender]), which
// decides where one may connect to, and the meaning of events.
//
// Enter at [Authority.Create] and [Authority.Run].
//
// [notice.Next]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/notice#Next
package webhook
