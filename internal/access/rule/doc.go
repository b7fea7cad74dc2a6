// Package rule is the permission table: for every route of every door, and for the few fields of requests that ask for
// more than their route does, it says which permission or API family lets a caller in, and why where that is not obvious.
//
// Presets, roles and the scopes of credentials are sets of what the table names, so the table and they together say
// everything about who may do what. Doors take what their operations ask for from here ([Of]); an operation without a
// row does not start. Rooms enforce the rows about fields, because a field comes in by many ways.
//
// It does not own: permissions themselves (access), who the caller is (logon, token), what a caller may reach of what it
// may touch at all (the rooms: roles over one thing, anti-escalation).
//
// Enter at [Of] with a pattern, at [Match] with a path, at [All] for everything.
package rule
