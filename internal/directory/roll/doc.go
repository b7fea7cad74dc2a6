// Package roll lists people for those who administer them: users by what they are, the members of a group with their
// names, and the groups that a user is in.
//
// Every list shows only what its reader may see, in the order of ids, which is that of creation.
//
// It owns: these lists and their queries. It does not own: tables and rules (directory), searches by filter.
//
// Enter at [Users], [Members] and [GroupsOf].
package roll
