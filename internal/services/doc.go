// Package services is the door for applications that look after people: they invite and register users, check passwords
// and factors, mail those who forgot a password, sign people in with a session login token, and end sessions.
//
// Every route is called with a token, with HTTP Basic or with a client certificate (web/caller), and asks for what the
// permission table says (access/rule): a permission, or for ordinary applications the API family application-users. By
// the family alone an application sees and changes only users that it registered or invited (directory/link).
//
// What a person gets wrong – a name, a password, a code – is answered in equal words and on a grid of 50 ms. Bodies are
// strict JSON in snake_case; errors are problem documents whose member code is one stable word.
//
// POST /session is the one route for browsers: it turns a session login token, once, into a cookie.
//
// It owns: the wire of these routes. It does not own: any rule about users, passwords, factors, tickets, sessions or
// invitations, which have rooms of their own.
//
// Enter at [Door].
package services
