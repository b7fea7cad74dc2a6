// Package token makes tokens, recognises them and revokes them. Nothing is written when a token is made.
//
// A token is a JWT that anybody can verify (RFC 9068) or a handle that only this installation can open; its API
// says which. Both carry the same [Claims]: what the token hangs on, in which epoch of each, and which
// permissions it was given. Whether it is still good is asked of the register and the gate every time, so that
// a token dies with whatever it hangs on, without a table of tokens. Only a token revoked by itself is a row.
//
// Enter at [Authority].
package token
