// Package pingone is the door for programs that were written for PingOne: so far its token path,
// POST /{environment id}/as/token, for the worker applications of an environment.
//
// It owns: where that path lies, whom it serves and how it words a refusal. It does not own: who a client is, what it
// gets and how failures are counted; those are the token endpoint's, which the server hands to this door, because doors
// do not know each other. What differs from PingOne is written down in docs/facades.md.
//
// Enter at [Door.Routes].
package pingone
