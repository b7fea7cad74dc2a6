// Package explanation says why a credential may do something or not: which row of the permission table decides, what it asks
// for, and where on the way from application to credential it was lost.
//
// It decides nothing: it reads the same rows as the gate and says in words what comes out. What a room asks on top for one
// particular thing, such as that nobody touches a user who may do more than they, it can only quote from the table.
//
// It does not own: the table (access/rule), the gate (access).
//
// Enter at [Of].
package explanation
