package qr

import (
	"strconv"
	"strings"
)

// quiet is the margin that readers need, in modules (§6.3.8).
const quiet = 4

// Picture is a QR code to be drawn.
type Picture struct {
	// Side is how long a side is, in modules, margin included.
	Side int
	// Path is the dark modules as the path of an SVG.
	Path string
}

// version is how the codewords of one version are divided at level M (§7.5.1, table 9), and where its alignment patterns lie
// (annex E).
type version struct {
	check          int // error correction codewords of a block
	blocks, length int // of the first group, in codewords
	more           int // blocks of the second group, which have one codeword more
	align          []int
}

var versions = []version{
	{10, 1, 16, 0, nil},
	{16, 1, 28, 0, []int{6, 18}},
	{26, 1, 44, 0, []int{6, 22}},
	{18, 2, 32, 0, []int{6, 26}},
	{24, 2, 43, 0, []int{6, 30}},
	{16, 4, 27, 0, []int{6, 34}},
	{18, 4, 31, 0, []int{6, 22, 38}},
	{22, 2, 38, 2, []int{6, 24, 42}},
	{22, 3, 36, 2, []int{6, 26, 46}},
	{26, 4, 43, 1, []int{6, 28, 50}},
	{30, 1, 50, 4, []int{6, 30, 54}},
	{22, 6, 36, 2, []int{6, 32, 58}},
	{22, 8, 37, 1, []int{6, 34, 62}},
	{24, 4, 40, 5, []int{6, 26, 46, 66}},
	{24, 5, 41, 5, []int{6, 26, 48, 70}},
}

func (v *version) data() int { return v.blocks*v.length + v.more*(v.length+1) }

// Draw returns the picture of a text, or nil if it is too long for one.
func Draw(text string) *Picture {
	m := encode(text)
	if m == nil {
		return nil
	}
	var path strings.Builder
	for y, row := range m.dark {
		for x, dark := range row {
			if dark {
				path.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h1v1h-1z")
			}
		}
	}
	return &Picture{len(m.dark) + 2*quiet, path.String()}
}

// encode returns the modules of a text, or nil.
func encode(text string) *matrix {
	for i := range versions {
		header := 12 // bits of mode and length (§7.4.1)
		if i >= 9 {
			header = 20
		}
		if v := &versions[i]; header+8*len(text) <= 8*v.data() {
			m := newMatrix(i+1, v.align)
			m.place(v.interleave(v.codewords(text, header)))
			m.mask()
			return m
		}
	}
	return nil
}

// bits are written most significant first.
type bits struct {
	words []byte
	n     int
}

func (b *bits) add(value, width int) {
	for i := width - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.words = append(b.words, 0)
		}
		b.words[b.n/8] |= byte(value>>i&1) << (7 - b.n%8)
		b.n++
	}
}

// codewords returns the data codewords of a text in byte mode, padded (§7.4).
func (v *version) codewords(text string, header int) []byte {
	b := &bits{}
	b.add(0b0100, 4)
	b.add(len(text), header-4)
	for i := range len(text) {
		b.add(int(text[i]), 8)
	}
	b.add(0, min(4, 8*v.data()-b.n)) // the terminator
	for pad := byte(0xec); len(b.words) < v.data(); pad ^= 0xec ^ 0x11 {
		b.words = append(b.words, pad)
	}
	return b.words
}

// interleave divides the data into blocks, adds the error correction of each, and mixes them (§7.6).
func (v *version) interleave(data []byte) []byte {
	var blocks, checks [][]byte
	for i := range v.blocks + v.more {
		n := v.length
		if i >= v.blocks {
			n++
		}
		blocks, checks = append(blocks, data[:n]), append(checks, correction(data[:n], v.check))
		data = data[n:]
	}
	var mixed []byte
	for _, group := range [][][]byte{blocks, checks} {
		for i := range len(group[len(group)-1]) {
			for _, block := range group {
				if i < len(block) {
					mixed = append(mixed, block[i])
				}
			}
		}
	}
	return mixed
}

// multiply is the product in the field of 256 elements of ISO/IEC 18004 §7.5.2.
func multiply(a, b byte) (product byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			product ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1d
	}
	return product
}

// correction returns the n codewords of a Reed-Solomon code that belong to data.
func correction(data []byte, n int) []byte {
	generator := make([]byte, n) // without its leading one
	generator[n-1] = 1
	for root := byte(1); n > 0; n-- {
		for i := range generator {
			generator[i] = multiply(generator[i], root)
			if i+1 < len(generator) {
				generator[i] ^= generator[i+1]
			}
		}
		root = multiply(root, 2)
	}
	remainder := make([]byte, len(generator))
	for _, word := range data {
		factor := word ^ remainder[0]
		copy(remainder, remainder[1:])
		remainder[len(remainder)-1] = 0
		for i, g := range generator {
			remainder[i] ^= multiply(g, factor)
		}
	}
	return remainder
}
