// Package front is where callers arrive: the addresses that are listened on, the TLS they speak, and how they are left
// without failing a request.
//
// It owns: [Front] and its bounds on slow callers, certificates from files and from an ACME authority ([TLS]), the second
// address that asks for client certificates ([MutualTLS]), and [Drain]. It does not own: what is answered, nor what a
// client's certificate is worth. The server enters at [Listen].
package front
