// Package search finds users and groups by a filter.
//
// JSON is never queried: of what a filter asks for, one condition picks an index, by which candidates are read in order,
// and the whole filter is evaluated over each of them in memory. What no index narrows is read to a bound, and refused
// past it with a word about what is indexed. Pages are read from the position of the last row, so that the thousandth
// costs what the first does; only what is sorted by an attribute without an index is gathered first.
//
// Whoever looks after some populations finds only what is in them.
//
// It owns: plans, pages, order, and who is in a group whose filter says so. It does not own: tables (directory), the
// language (filter), or how a protocol asks.
//
// Enter at [Users], [Groups] and [Members].
package search
