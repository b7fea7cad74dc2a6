// Package breach owns lists of breached passwords: a file that says of a password "surely not in the list" or "very
// likely in it", a hundredth of the list's size, which a server asks without a network ([Open], [Filter.Has]), and how to
// make one ([Build]).
//
// It does not own where lists come from, or what happens to a password that is in one (directory/password).
//
// # The file
//
// A Bloom filter in blocks of 64 bytes. The SHA-1 of a password chooses the block by its first 64 bits and up to ten of the
// block's bits by the following 90. SHA-1, because the big public lists are lists of SHA-1; what somebody could do with
// collisions here is to have a password of their own refused. A list in the order of its hashes, as the big ones are,
// fills the blocks one after the other, so that no memory is needed to build a filter of gigabytes, and asking is
// one reading of 64 bytes from the page cache. The header has 64 bytes:
//
//	0   8  "cfbreach"
//	8   4  version, 1 (this and all numbers big-endian)
//	12  4  how many bits of a block a password sets
//	16  8  how many blocks follow
//	24  8  how many passwords were put in, those that were in the list twice counted twice
//	32  32 zero
package breach
