// Package credentialapi is the part of the management API that is about how an application proves itself: its
// credentials, and the requests that were refused because it did not.
//
// There is one file per resource, with what it looks like on the wire, its routes and its handlers, which translate
// between HTTP and the room (credential) and decide nothing themselves. A plain secret is in one answer only, as a
// [rest.Disclosure].
//
// It owns: the shape of these resources. It does not own: rules and SQL (credential), what all resources have in common
// (rest), the API as a whole and its document (adminapi, which composes this package and is not known here).
//
// Enter at [Resources].
package credentialapi
