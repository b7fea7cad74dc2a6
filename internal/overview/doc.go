// Package overview counts what an administrator wants to know first: how much there is, what needs somebody, and which steps
// of setting up are still to do.
//
// It owns the counting and its SQL, reads the tables of other rooms for it, and changes nothing. It does not own what it
// counts, nor the judgement about credentials (package credential/hygiene). Every part is only for who may read all of what
// is counted. Enter at [Desk].
package overview
