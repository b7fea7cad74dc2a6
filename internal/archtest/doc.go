// Package archtest holds the house to its own law: which package may import which, how long things may get, what
// they may be called. docs/architecture.md says why.
//
// It reads the source files itself. A test that asks the go tool is cached by `go test` without the files that
// the tool read, and then misses violations; files that a test opens are part of its cache key.
//
// It owns the list of floors: a new package is given its place in [floors], or the test fails. It does not own
// style, which is the linter's.
//
// Enter at [Violations].
package archtest
