// Package consoleweb serves the console: the pages for administrators that console/ holds the source of.
//
// It owns the files that were built, how long browsers keep them, and the policy of the page. It owns nothing that the
// console shows or does: that all comes from the management API. A program that was built without the console says how to
// build it. Enter at [Door].
package consoleweb
