// Package searchapi is the one search of the management API: it finds applications, credentials, people, groups and
// connections by what somebody types or pastes.
//
// It owns the route and what of a text each kind is looked for by. It does not own the kinds: their rooms say who sees what.
// The text may be a whole secret, so it comes in a body, is kept in [seal.Secret], and reaches no query but the one by a
// keyed hash. Enter at [Resources.Operations].
package searchapi
