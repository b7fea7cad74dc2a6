// Package directory keeps the people of an environment: users, the populations they are in and the groups they are
// members of.
//
// A user is a row with what it is found by, and a profile: the attributes of RFC 7643 under their own names, kept as one
// JSON text that is never queried. User names and addresses share one space, in which they are compared as [Fold] has
// them, so that nobody can take another's address for a user name.
//
// Ids of users and groups are UUIDs of version 7: their order is the order of creation, and lists are read by it.
//
// A user's epoch works as an application's does: suspending, locking, deleting and a new password start the next one, and
// sessions and tickets of an earlier one are dead.
//
// Who holds a role over one population sees and changes only its users. Every function that is given an actor asks for
// that inside the transaction, and [AllowOver] keeps those who may change users from taking over mightier ones.
//
// It owns: directory_population, directory_user, directory_login, directory_value, directory_group and directory_member.
// It does not own: passwords, factors, sessions, invitations, roles (access), nor how any protocol writes a user.
//
// Enter at [Create], [Change] and [Get]; for groups at [CreateGroup] and [ChangeMembers].
package directory
