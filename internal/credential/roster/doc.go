// Package roster lists the credentials of applications as people look at them: all kinds in one list, each with the state
// that it is in, and in one line what an application has.
//
// It owns these views and their queries, and changes nothing. It does not own credentials (package credential), nor how
// their use is counted (package usage), nor what a lock is (package lock). Enter at [Of] and [Summaries].
package roster
