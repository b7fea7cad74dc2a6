// Package directoryapi is the part of the management API that is about people: users, populations and groups.
//
// There is one file per resource, with its routes and its handlers, which translate between HTTP and the rooms (directory)
// and decide nothing themselves; what a user looks like on the wire has files of its own.
//
// Names on the wire are those of RFC 7643 in snake_case: userName is user_name.
//
// It owns: the shape of these resources. It does not own: rules and SQL (directory), the same people under RFC 7644 (scim),
// what all resources have in common (rest), the API as a whole and its document (adminapi, which composes this package and
// is not known here).
//
// Enter at [Resources].
package directoryapi
