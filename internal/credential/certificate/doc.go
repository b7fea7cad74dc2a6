// Package certificate knows what a client certificate is worth.
//
// [Parse] reads what somebody uploads and [Check] says whether it may serve as a credential. A [Rule] is what a
// credential of this kind keeps instead of a secret; [Verify] holds a presented certificate against it (RFC 8705
// §2). An environment trusts authorities ([AddCA]) and has one of its own ([OwnCA]), which signs the keys of its
// applications ([Issuer.SignCSR], [Issuer.Generate]). Certificates that a proxy passed on are read by [Forwarded].
//
// It owns: the table trusted_ca, the comparison of names, the reasons why a certificate is refused. It does not
// own: credentials and their rows, who the client is, connections and headers.
//
// Enter at [Parse] and [Verify].
package certificate
