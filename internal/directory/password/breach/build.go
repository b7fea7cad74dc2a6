package breach

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // what public lists are made of; see the package's comment
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
)

// Bounds of what [Build] is told.
const (
	MostFalsePositives  = 0.05
	LeastFalsePositives = 0.00001
	// maxLine is more than any password may have, in bytes; longer lines are left out.
	maxLine = 4096
)

// Options of [Build].
type Options struct {
	// FalsePositives is which part of the passwords that are not in the list may be taken for ones that are.
	FalsePositives float64
	// Count is how many lines the list has, at least roughly.
	Count uint64
	// Spell says how a password is spelled when it is asked for; lines that it refuses are left out.
	Spell func(line []byte) (password []byte, ok bool)
	// Progress, if not nil, hears now and then how many lines are done.
	Progress func(lines uint64)
}

// Result says what [Build] made.
type Result struct {
	Entries, Left uint64 // lines put in and left out
	Bytes         int64
}

// Build writes a filter to path from a list with one password on each line: as it is, or as the 40 hexadecimal digits of
// its SHA-1, perhaps with a colon and how often it was seen behind. Lists in the order of their hashes are fastest. It
// needs no memory to speak of. The file appears under its name when it is whole.
func Build(list io.Reader, path string, o Options) (r Result, err error) {
	if !(o.FalsePositives >= LeastFalsePositives && o.FalsePositives <= MostFalsePositives) {
		return r, fmt.Errorf("the part of false positives is %g to %g", LeastFalsePositives, MostFalsePositives)
	}
	probes, blocks := Size(o.Count, o.FalsePositives)
	if blocks > maxBlocks {
		return r, errors.New("the list is too long: allow more false positives")
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".filter-*")
	if err != nil {
		return r, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	r.Bytes = headerSize + int64(blocks)*blockSize
	if err := file.Truncate(r.Bytes); err != nil {
		return r, err
	}
	w := &writer{file: file, probes: probes, blocks: blocks}
	if r.Entries, r.Left, err = w.read(list, o); err != nil {
		return r, err
	}
	if err := w.finish(r.Entries); err != nil {
		return r, err
	}
	return r, os.Rename(file.Name(), path)
}

// writer keeps the block that was changed last.
type writer struct {
	file   *os.File
	probes int
	blocks uint64
	at     int64 // of block; 0: none
	block  [blockSize]byte
}

func (w *writer) read(list io.Reader, o Options) (entries, left uint64, err error) {
	lines := bufio.NewReaderSize(list, 1<<16)
	for {
		line, whole, err := next(lines)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return entries, left, err
		}
		if len(line) == 0 && whole {
			continue
		}
		sum, ok := sumOf(line, o.Spell)
		if !ok || !whole {
			left++
			continue
		}
		if err := w.add(&sum); err != nil {
			return entries, left, err
		}
		if entries++; o.Progress != nil && entries%(1<<20) == 0 {
			o.Progress(entries + left)
		}
	}
}

// next returns a line without its end. Of one that is too long it returns the beginning, and that it is not whole.
func next(lines *bufio.Reader) (line []byte, whole bool, err error) {
	line, more, err := lines.ReadLine() // shorter than the buffer; also the last one without an end
	if err != nil {
		return nil, false, err
	}
	for rest := more; rest && err == nil; {
		_, rest, err = lines.ReadLine()
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, !more && len(line) <= maxLine, err
}

func sumOf(line []byte, spell func([]byte) ([]byte, bool)) (sum [sha1.Size]byte, ok bool) {
	digits, _, _ := bytes.Cut(line, []byte{':'})
	if len(digits) == 2*sha1.Size {
		if _, err := hex.Decode(sum[:], digits); err == nil {
			return sum, true
		}
	}
	if spell != nil {
		if line, ok = spell(line); !ok {
			return sum, false
		}
	}
	return sha1.Sum(line), true //nolint:gosec // see above
}

func (w *writer) add(sum *[sha1.Size]byte) error {
	if at := offset(sum, w.blocks); at != w.at {
		if err := w.flush(); err != nil {
			return err
		}
		if _, err := w.file.ReadAt(w.block[:], at); err != nil {
			return err
		}
		w.at = at
	}
	mask := maskOf(sum, w.probes)
	for i := range w.block {
		w.block[i] |= mask[i]
	}
	return nil
}

func (w *writer) flush() error {
	if w.at == 0 {
		return nil
	}
	_, err := w.file.WriteAt(w.block[:], w.at)
	return err
}

func (w *writer) finish(entries uint64) error {
	if err := w.flush(); err != nil {
		return err
	}
	var h [headerSize]byte
	copy(h[:], magic)
	binary.BigEndian.PutUint32(h[8:], version)
	binary.BigEndian.PutUint32(h[12:], uint32(w.probes))
	binary.BigEndian.PutUint64(h[16:], w.blocks)
	binary.BigEndian.PutUint64(h[24:], entries)
	if _, err := w.file.WriteAt(h[:], 0); err != nil {
		return err
	}
	if err := w.file.Chmod(0o644); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	return w.file.Close()
}

// Size returns how many bits of a block a password sets, and how many blocks a filter needs for that many passwords.
func Size(passwords uint64, falsePositives float64) (probes int, blocks uint64) {
	best := math.Inf(1)
	for k := 1; k <= maxProbes; k++ {
		low, high := 1.0, 512.0 // bits for each password
		for range 40 {
			if mid := (low + high) / 2; rate(mid, k) > falsePositives {
				low = mid
			} else {
				high = mid
			}
		}
		if high < best {
			best, probes = high, k
		}
	}
	return probes, max(1, uint64(math.Ceil(float64(passwords)*best/(8*blockSize))))
}

// rate is the part of false positives with that many bits for each password, k of them set. How many passwords share a
// block follows Poisson (F. Putze, P. Sanders, J. Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007).
func rate(bits float64, k int) (sum float64) {
	const block = 8 * blockSize
	mean := block / bits
	p := math.Exp(-mean)
	for i := 0; i < int(mean+12*math.Sqrt(mean)+12); i++ {
		if i > 0 {
			p *= mean / float64(i)
		}
		sum += p * math.Pow(1-math.Pow(1-1.0/block, float64(k*i)), float64(k))
	}
	return sum
}

// Lines counts the lines of a list.
func Lines(list io.Reader) (n uint64, err error) {
	buffer := make([]byte, 1<<16)
	last := byte('\n')
	for {
		read, err := list.Read(buffer)
		n += uint64(bytes.Count(buffer[:read], []byte{'\n'}))
		if read > 0 {
			last = buffer[read-1] //nolint:gosec // bounded by the loop
		}
		if errors.Is(err, io.EOF) {
			if last != '\n' {
				n++
			}
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
