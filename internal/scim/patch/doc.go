// Package patch changes a resource in part (RFC 7644 §3.5.2): it reads the body of a PATCH, and says what its operations
// make of a document.
//
// It takes what provisioning clients really send: operations in any case, values without a path with dotted and
// URN-qualified keys, booleans as texts, removals that name values, brackets for a value that is not there yet.
//
// It owns: the reading of operations, their order, what each does at a path, who may write what (readOnly, immutable).
// It does not own: whether the result is a user (schema), what is unique, permissions, nor storage.
//
// Enter at [Parse] and [Apply]. Of a resource with a long list, [Split] takes the operations on that list apart, so that
// nobody reads a hundred thousand members to add one.
package patch
