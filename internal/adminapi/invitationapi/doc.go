// Package invitationapi is the part of the management API that is about people who are asked to join.
//
// It owns: the shape of these resources. It does not own: rules and SQL (directory/invitation), users (directoryapi), what
// applications do for their own users (services), what all resources have in common (rest).
//
// Enter at [Resources].
package invitationapi
