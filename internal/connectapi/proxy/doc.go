// Package proxy passes requests on to the system behind a connection: the caller names the connection and brings its own
// token, the system gets the connection's.
//
// It is a stranger's server that answers, and our origin that the answer comes from. So nothing of the caller's that
// proves who they are goes out, nothing comes back that a browser would act on, and no browser is shown an answer as a
// page. Bodies stream both ways; a request is repeated only where that cannot do a thing twice.
//
// It owns: the headers of both directions, the rules of repeating. It does not own: tokens (connect/fresh), where
// requests may go to (connect, egress), what a system's rules are (connect/provider).
//
// Enter at Door.
package proxy
