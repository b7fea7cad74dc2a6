// Package web is the HTTP plumbing that every door shares.
//
// A [Site] stands around all handlers of a listener: it numbers the request, recovers panics, writes one log
// record and counts. A [Mux] registers handlers under patterns whose metrics are looked up once, at the start.
// Inside a handler [Of] returns the request's [Exchange], where the door notes what the log and the metrics
// should know. The rest are the parts a door picks: problem documents ([Problem], [NewAPI]), strict JSON
// ([Strict]), paging ([Cursors], [Page]), versions ([NoneMatch]), idempotency ([Attempt]), delay of failures
// ([Grid]), addresses ([Proxies]).
//
// It owns: the request log, the HTTP metrics, the table idempotency, the problem dialect. It does not own: any
// rule of the product, any route, or the dialect of OAuth.
//
// Enter at [NewSite], then [Site.Mux] and [Of].
package web
