// Package thirdparty runs, for tests, authorization servers that nobody here wrote, and puts bad networks in front of
// servers.
//
// [OIDCProvider] is a strict one, with a client for every method of authentication, a sign-in for people and rotating
// refresh tokens. [MockServer] grants whatever it is asked for and answers as it is told. [Faulty] stands before any of
// them, or before any other server, and is slow, silent or hangs up. All end with the test that started them.
//
// The first two are Node programs with packages of npm, which make needs installs. A test that starts one without them
// fails, because a test that skips proves nothing.
//
// It does not own: any test of Counterfoil; those stand beside what they test.
package thirdparty
