// Package credential owns how an application proves that it is itself: many credentials per application, each
// with its own description, scopes, expiry and switch. A generated secret is stored as a keyed hash whose key is not in
// the database, so a stolen database opens nothing; it is fast to check: 256 random bits need no slow hash.
//
// [Authority] adds and changes credentials; [Match] recognises one on the token path, without a database;
// [Usage] counts uses in memory and writes them behind; [Refusals] does so with the requests that were refused.
package credential
