// Package role owns the roles that environments make for themselves, and who holds a role among users.
//
// What a role permits changes only at the hands of somebody who holds all that it permits, before and after, over
// everything that it is held over; and when somebody holds it, only of somebody who may assign roles. Else whoever may
// edit roles could give themselves, or a friend, whatever they like.
//
// It does not own: the built-in roles, what a role gives at the moment and the gate that asks (access), the roles of
// workers (application), users (directory).
//
// Enter at [Create] and [Grant].
package role
