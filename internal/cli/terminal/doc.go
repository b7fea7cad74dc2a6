// Package terminal makes text fit for people who read it on a terminal: tables that align, times and lists in
// short, one line of progress, and nothing in between that the terminal would obey.
//
// It does not own: what is shown, or JSON.
//
// Enter at [Table] and [Printable].
package terminal
