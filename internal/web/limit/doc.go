// Package limit bounds how often one credential, and one network, calls.
//
// A [Limiter] holds a token bucket for each in this node's memory: so many requests a second, so many at once. It says
// what is left in the headers RateLimit and RateLimit-Policy, and when to come again in Retry-After. Nodes count on their
// own, so an installation of three lets through three times as much at most.
//
// It owns: the buckets, the headers, the setting's form. It does not own: who the caller is (web/caller), locks after
// failed logons (credential/lock), nor in which dialect a refusal is written.
//
// Enter at [Limiter.Address] before a caller is known, and at [Limiter.Credential] after.
package limit
