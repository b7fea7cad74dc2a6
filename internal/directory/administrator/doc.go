// Package administrator knows the people who administer an environment, and keeps the last of them from locking everybody out.
//
// It owns: who counts, and that one remains. It does not own: roles (access/role) and users (directory), whose rows it reads,
// nor how the first one comes to be (directory/founder).
//
// Enter at [Leave].
package administrator
