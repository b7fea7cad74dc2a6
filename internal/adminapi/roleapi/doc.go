// Package roleapi is the part of the management API that is about who may do what: roles, the workers and users that hold
// them, and the questions after the rules themselves.
//
// There is one file per resource, with what it looks like on the wire, its routes and its handlers, which translate
// between HTTP and the rooms (access and what stands under it, application) and decide nothing themselves.
//
// It owns: the shape of these resources. It does not own: rules and SQL (access/role, application), the permission table
// (access/rule), what all resources have in common (rest), the API as a whole (adminapi).
//
// Enter at [Resources].
package roleapi
