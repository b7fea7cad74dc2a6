package leak

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"

	"github.com/counterfoil/counterfoil/internal/credential/proof"
)

const (
	// chunk fits into a core's cache, which several passes over it make the most of.
	chunk = 256 << 10
	// encodedMost is how many base64 characters a secret takes at most: 4 bits of a neighbour and its own 424.
	encodedMost = (4 + 8*proof.SecretLength + 5) / 6
	// shown is how much of a line is shown on each side of a secret, in bytes.
	shown  = 48
	ahead  = encodedMost + shown + 1
	behind = 8 + shown + 1
)

// A form is one way in which a secret is written. A secret in base64 begins at one of three places in a group of
// 3 bytes; for each, some characters depend on the prefix alone.
type form struct {
	mark []byte // what to look for
	back int    // how far before the mark the secret's first character is
	skip int    // how many bits of that character belong to what is before the secret
	// encoded tells base64 from plain text.
	encoded bool
}

var forms = []form{
	{mark: []byte(proof.Prefix)},
	{mark: []byte("Y2ZzX"), encoded: true},                   // at the beginning: also a whole value of a manifest
	{mark: []byte("Nmc1"), back: 1, skip: 2, encoded: true},  // after 1 byte
	{mark: []byte("jZnNf"), back: 1, skip: 4, encoded: true}, // after 2 bytes
}

// sighting is a secret found in a stream, without the secret.
type sighting struct {
	at           int64 // the offset of its mark
	line, column int64 // from 1; columns are bytes
	encoded      bool
	hint         string
	fingerprint  string
	redacted     string
}

// searcher looks through streams, one after the other, in constant memory.
type searcher struct {
	buffer []byte
	seen   []sighting
}

func newSearcher() *searcher { return &searcher{buffer: make([]byte, chunk+ahead+behind)} }

// search reports every secret in r, in order, and how many bytes it read.
//
// The buffer overlaps with the next: hits are taken from the part that has enough of the stream on both sides for a
// secret and its context, and the rest is carried over.
func (s *searcher) search(r io.Reader, found func(sighting) error) (read int64, err error) {
	var (
		filled, from int
		base         int64 // of buffer[0] in the stream
		line         = position{number: 1}
	)
	for err == nil {
		var n int
		n, err = fill(r, s.buffer[filled:])
		filled += n
		read += int64(n)
		to := filled // when the stream ends or breaks, what came of it is searched to its last byte
		if err == nil {
			to = filled - ahead
		}
		held := s.buffer[:filled]
		s.look(held, from, to)
		for _, hit := range s.seen {
			line.pass(held, from, int(hit.at), base)
			from = int(hit.at)
			hit.line, hit.column = line.number, line.column(hit.column+base)
			hit.at += base
			if stop := found(hit); stop != nil {
				return read, stop
			}
		}
		line.pass(held, from, to, base)
		keep := max(0, to-behind)
		filled = copy(s.buffer, held[keep:])
		from, base = to-keep, base+int64(keep)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return read, err
}

// fill reads until b is full or the stream ends, which is io.EOF.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// position is where in a text the search has come to.
type position struct {
	number int64 // of the line
	start  int64 // the offset of its first byte
}

func (p *position) pass(held []byte, from, to int, base int64) {
	if lines := bytes.Count(held[from:to], newline); lines > 0 {
		p.number += int64(lines)
		p.start = base + int64(from+bytes.LastIndexByte(held[from:to], '\n')+1)
	}
}

func (p *position) column(offset int64) int64 { return max(1, offset-p.start+1) }

var newline = []byte{'\n'}

// look collects the secrets whose mark begins in held[from:to]. Their offsets and columns are offsets in held.
func (s *searcher) look(held []byte, from, to int) {
	s.seen = s.seen[:0]
	var decoded [proof.SecretLength]byte
	for _, f := range forms {
		for at := from; at < to; at += len(f.mark) {
			next := bytes.Index(held[at:min(to+len(f.mark)-1, len(held))], f.mark)
			if next < 0 {
				break
			}
			at += next
			start := at - f.back
			if start < 0 {
				continue
			}
			secret, length := f.read(decoded[:], held[start:])
			if secret != nil && proof.WellFormed(secret) {
				s.seen = append(s.seen, sight(held, f, secret, at, start, start+length))
			}
		}
	}
	if len(s.seen) > 1 {
		slices.SortFunc(s.seen, func(a, b sighting) int { return cmp.Compare(a.at, b.at) })
	}
}

// read returns what could be the secret at the start of b, and how many bytes of b it takes.
func (f *form) read(into, b []byte) (secret []byte, length int) {
	if !f.encoded {
		if len(b) < proof.SecretLength {
			return nil, 0
		}
		return b[:proof.SecretLength], proof.SecretLength
	}
	length = (f.skip + 8*len(into) + 5) / 6
	if len(b) < length {
		return nil, 0
	}
	var bits uint32
	have, n := -f.skip, 0 // the first bits are a neighbour's and fall out at the top
	for _, c := range b[:length] {
		v := sextet(c)
		if v < 0 {
			return nil, 0
		}
		bits = bits<<6 | uint32(v)
		have += 6
		if have >= 8 && n < len(into) {
			have -= 8
			into[n] = byte(bits >> have)
			n++
		}
	}
	if n < len(into) {
		return nil, 0
	}
	return into, length
}

// sextet returns the value of a character of either base64 alphabet (RFC 4648 §4, §5), or -1.
func sextet(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

func sight(held []byte, f form, secret []byte, at, start, end int) sighting {
	return sighting{
		at: int64(at), column: int64(start), encoded: f.encoded,
		hint: Hint(secret), fingerprint: Fingerprint(secret),
		redacted: redact(held, start, end, Hint(secret)),
	}
}

// Hint returns the characters of a generated secret that the console and the API show too: enough to find its
// credential, and 232 bits short of the secret. Anything shorter than a generated secret has no hint.
func Hint(secret []byte) string {
	if len(secret) < proof.SecretLength {
		return ""
	}
	return string(secret[:len(proof.Prefix)+4])
}

// Fingerprint returns the first 64 bits of a secret's SHA-256 in hexadecimal: it tells whether two findings are the
// same secret. It is safe to show because a generated secret has too many bits to be guessed.
func Fingerprint(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:8])
}
