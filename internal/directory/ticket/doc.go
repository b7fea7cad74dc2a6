// Package ticket makes and checks short-lived secrets about a user, each good for one purpose and used at most once:
// the link of an invitation, of an activation or of a password reset, a code by e-mail, the state between a password
// and its second factor, the token that a browser turns into a session.
//
// It owns the tickets: their secrets and keyed hashes, their lives, their failures, their end. It does not own what
// happens once a ticket was used, what mails say, or who may ask for one: no permission is asked here, and nothing is
// written to the ledger. Enter at [Authority]: Make, Peek or Hold, Use and Fail for links and tokens; Make and Enter
// for codes that a person types. [Purpose] lists what tickets are for.
package ticket
