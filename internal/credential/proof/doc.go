// Package proof owns what recognises a credential: the form of generated secrets and their keyed hashes, the public halves
// of everything else, and what the token path knows of one credential, the [Candidate].
//
// It compares and touches no database; what a credential may do and what happens to it is the credential room's. Enter at
// [Match] for a secret, at [Proof] for everything else.
package proof
