// Package assertion verifies tokens that other people signed and that applications prove themselves with: JWT client
// assertions (RFC 7521, RFC 7523, RFC 10070), signed with a key or with the client's secret, and tokens of a foreign
// issuer that an application trusts.
//
// It is strict where libraries are kind, because each kindness was somebody's hole: one spelling of base64url and JSON,
// no member twice, no critical extension, the algorithm pinned to the key and never chosen by the token, no key taken
// from a header, one audience. Signatures are checked with the standard library alone. What was wrong is a [Reason], for
// administrators; callers outside hear none of it.
//
// It owns the table assertion_seen, by which an assertion is accepted once, on whatever node and endpoint ([Seen]), and
// the memory of keys that others publish ([Fetcher]). It does not own which application has which keys or trusts, nor
// what is allowed to whoever proved themselves: that is the credential room's. It knows neither, and imports only ground.
//
// Enter at [Peek] to learn who a token claims to be from, then [VerifyClient], [VerifySecret] or [VerifyFederated], then
// [Seen.Once].
package assertion
