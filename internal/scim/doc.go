// Package scim is the door for provisioning: SCIM 2.0 (RFC 7643, RFC 7644) with cursors (RFC 9865), under /scim/v2 of
// every environment.
//
// Requests are read tolerantly, because identity providers send what they send, and answered strictly. What a request
// may do is decided by permissions of the management API, which callers hold by a token, by HTTP Basic or by a client
// certificate; the permission table (access/rule) says which.
//
// It owns: the wire of SCIM – messages, errors, selection of attributes, entity tags, bulk – and the document that a user
// or group is on it. It does not own: attributes (directory/schema), filters (directory/filter), the search for what
// matches, nor users and groups.
//
// Enter at [Door.Routes].
package scim
