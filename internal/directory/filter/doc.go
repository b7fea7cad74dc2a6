// Package filter is the language in which resources and their attributes are named and chosen: filters (RFC 7644
// §3.4.2.2), and the paths of attributes that changes are made at (§3.5.2).
//
// Both are resolved while they are read, against the [Attributes] of a resource: names find their spelling, literals
// the type of what they are compared with, and what cannot make sense is refused. What is left needs no schema: it is
// printed in one canonical form, evaluated over documents with the names of RFC 7643, or taken apart by whoever plans a
// search ([Filter.Root]).
//
// It owns: grammar, bounds, comparison. It does not own: schemas, documents, SQL, nor what a change does at a path.
//
// Enter at [Parse] and [ParsePath].
package filter
