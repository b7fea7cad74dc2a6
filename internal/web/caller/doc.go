// Package caller finds out who calls a guarded door.
//
// A caller shows a bearer token, its client_id and secret as HTTP Basic, or a client certificate; a door says which of
// them it takes ([Terms]). [Guard.Admit] recognises the caller, asks the gate and returns a [Caller]: the
// [access.Actor] that rooms and ledger know, with the permissions of the management API that it holds, and the API
// families that its credential opens. What a credential opens when it is used as it is, it opens through a token, too:
// never more. Inside a transaction [Caller.Allow] asks the gate again.
//
// Where [Terms.Session] says so, the caller may be a person whose browser holds the cookie of a session, if the request comes from
// our own pages ([ConsoleHeader]); the roles that the person has say what it may do.
//
// It owns: reading the Authorization header, challenges, the words in which a caller is refused, the time that takes.
// It does not own: what proves a client (logon), what a token is worth (token), the gate and permissions (access), and
// in which dialect a refusal is written: that is the door's.
//
// Enter at [Guard.Admit].
package caller
