// Package oauth is the door for OAuth 2.0: token, introspection, revocation, keys and discovery.
//
// It translates between RFC 6749, 7009, 7662, 8414 and 8707 and the rooms, and decides nothing itself: who the
// client is says package credential, whether it may act says the gate, what it gets says the attenuation, how a
// token looks says package token. No request that succeeds touches the database, except a revocation.
//
// The body is read by hand rather than through net/url: it is most of the work of a token request, and a
// parameter that is repeated must be refused, not overwritten.
package oauth
