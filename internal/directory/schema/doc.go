// Package schema says which attributes users and groups have (RFC 7643 §7): those of the core schemas, and those that
// an environment adds by custom schemas. It brings documents that callers send into the form that is kept.
//
// It owns: the definitions of User, EnterpriseUser and Group and of the three schemas that describe schemas, the table
// custom_schema, and the rules of a document: types, sizes, required, immutable, one primary. It does not own: users
// and groups, what is unique among them, or the languages of filters and patches.
//
// Enter at [Load], which returns the [Set] of an environment, and [Resource.Normalise].
package schema
