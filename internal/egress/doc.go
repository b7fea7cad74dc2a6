// Package egress is the one guarded way out: every request to an address that somebody other than the operator
// chose goes through [Client], so that nobody can send the server against its own network.
//
// What is checked, and when: the address as it is written ([Client.Do] refuses other schemes, user names, fragments
// and numbers dressed up as names), then every IP address at the moment it is connected to, after the name was
// resolved. A name that resolves to something else the second time is therefore caught (DNS rebinding). Only global
// unicast addresses pass; [Options.Allow], which belongs to the operator, names the exceptions. There is no proxy, no
// redirect, no decompression and no HTTP/2, and size, time and headers are bounded.
//
// Answers are types of this package, so that rooms can call out without net/http.
//
// It does not own: what is fetched, how often, or what is remembered of it.
//
// Enter at [New].
package egress
