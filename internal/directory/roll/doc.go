// Package roll lists people for those who administer them: users by what they are, the members of a group with their
// names, the groups that a user is in, and groups by how their names begin.
//
// Every list shows only what its reader may see, in the order of ids, which is that of creation; what is found by its name comes
// in the order of names.
//
// It owns: these lists and their queries. It does not own: tables and rules (directory), searches by filter.
//
// Enter at [Users], [Members], [GroupsOf] and [GroupsCalled].
package roll
