package breach

import (
	"crypto/sha1" //nolint:gosec // what public lists are made of; see the package's comment
	"encoding/binary"
	"fmt"
	"math/bits"
	"os"
)

const (
	magic      = "cfbreach"
	version    = 1
	headerSize = 64
	blockSize  = 64
	maxProbes  = 10
	// maxBlocks is 64 GiB: a hundred times the biggest public list.
	maxBlocks = 1 << 30
)

// Filter is a list of breached passwords. It may be asked at the same time.
type Filter struct {
	file    *os.File
	probes  int
	blocks  uint64
	entries uint64
}

// Open opens a filter that [Build] made. The file has to stay as it is; it is not read into memory.
func Open(path string) (*Filter, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &Filter{file: file}
	if err := f.readHeader(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func (f *Filter) readHeader() error {
	var h [headerSize]byte
	if _, err := f.file.ReadAt(h[:], 0); err != nil || string(h[:8]) != magic {
		return fmt.Errorf("this is no list of breached passwords that was made with `counterfoil passwords filter build`")
	}
	if v := binary.BigEndian.Uint32(h[8:]); v != version {
		return fmt.Errorf("the list has version %d, and this program reads version %d: build it again", v, version)
	}
	f.probes = int(binary.BigEndian.Uint32(h[12:]))
	f.blocks = binary.BigEndian.Uint64(h[16:])
	f.entries = binary.BigEndian.Uint64(h[24:])
	if f.probes < 1 || f.probes > maxProbes || f.blocks < 1 || f.blocks > maxBlocks {
		return fmt.Errorf("the list is damaged: build it again")
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != headerSize+int64(f.blocks)*blockSize {
		return fmt.Errorf("the list has %d bytes instead of %d: copy or build it again", info.Size(), headerSize+int64(f.blocks)*blockSize)
	}
	return nil
}

// Close closes the file.
func (f *Filter) Close() error { return f.file.Close() }

// Entries returns how many passwords were put in.
func (f *Filter) Entries() uint64 { return f.entries }

// Has reports whether a password is in the list: never false for one that is, and true for others as seldom as the
// filter was built for. The error is that of reading the file.
func (f *Filter) Has(password []byte) (bool, error) {
	sum := sha1.Sum(password) //nolint:gosec // see above
	var block [blockSize]byte
	if _, err := f.file.ReadAt(block[:], offset(&sum, f.blocks)); err != nil {
		return false, fmt.Errorf("reading the list of breached passwords: %w", err)
	}
	mask := maskOf(&sum, f.probes)
	missing := byte(0)
	for i := range block {
		missing |= mask[i] &^ block[i]
	}
	return missing == 0, nil
}

// offset returns where the block of a hash begins. Blocks lie in the order of the hashes.
func offset(sum *[sha1.Size]byte, blocks uint64) int64 {
	block, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), blocks)
	return headerSize + int64(block)*blockSize
}

// maskOf returns the bits of a block that a hash sets: nine bits of the hash for each.
func maskOf(sum *[sha1.Size]byte, probes int) (mask [blockSize]byte) {
	high, low := binary.BigEndian.Uint64(sum[8:16]), binary.BigEndian.Uint32(sum[16:])
	for i := range probes {
		var bit uint64
		if i < 7 {
			bit = high >> (64 - 9*(i+1)) % 512
		} else {
			bit = uint64(low>>(32-9*(i-6))) % 512
		}
		mask[bit/8] |= 1 << (bit % 8)
	}
	return mask
}
