// Package passwordapi is the part of the management API that is about people's passwords: setting and removing one, and
// what the environment demands of them.
//
// It owns: the shape of these resources. It does not own: rules, hashing and SQL (directory/password), users (directoryapi),
// what all resources have in common (rest), the API as a whole and its document (adminapi, which composes this package and
// is not known here).
//
// Enter at [Resources].
package passwordapi
