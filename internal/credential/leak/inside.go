package leak

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
)

const (
	// unpackedMost bounds what one file may unpack to (or Options.MaxFileSize, if less), all its members together: an archive of 40 kB can hold petabytes.
	unpackedMost = 256 << 20
	// directoryMost bounds a zip's table of contents, which is read into memory.
	directoryMost = 8 << 20
	// zipMost bounds a zip that is itself a member, or an object of git: it must be in memory to be opened.
	zipMost = 16 << 20
	// depthMost is how many archives within archives are opened.
	depthMost = 3
)

// Why something was not read to its end.
var (
	errUnpacked = errors.New("unpacks to too much; unpack it and scan that")
	errTooDeep  = errors.New("is an archive in too many archives; unpack it and scan that")
	errBigZip   = errors.New("is a zip in another archive or in git, and larger than 16 MiB; unpack it and scan that")
	errContents = errors.New("has too long a table of contents")
)

// inside looks through one file or object and whatever is packed in it.
type inside struct {
	*searcher
	ctx    context.Context
	budget int64 // what may still be unpacked
	read   int64 // bytes searched
	// found and unread are told the path within: "" for the thing itself, "member" or "member!member" of archives.
	found  func(within string, s sighting) error
	unread func(within string, err error)
}

// stopped is an error of found: the scan ends, whatever else could be read.
type stopped struct{ error }

func (s stopped) Unwrap() error { return s.error }

// look searches r. Only [stopped] comes back; what cannot be read is told to unread.
func (in *inside) look(r io.Reader, within string, depth int) error {
	err := in.open(r, within, depth)
	if stop, ok := errors.AsType[stopped](err); ok {
		return stop
	}
	if err != nil {
		in.unread(within, err)
	}
	return nil
}

func (in *inside) open(r io.Reader, within string, depth int) error {
	b := bufio.NewReaderSize(r, 16)
	head, _ := b.Peek(4) // a file may be shorter, and an error comes back with the next read
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		return in.gunzip(b, within, depth)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		packed, err := io.ReadAll(io.LimitReader(b, zipMost+1))
		if err != nil {
			return err
		}
		if len(packed) > zipMost {
			return errBigZip
		}
		return in.unzip(bytes.NewReader(packed), int64(len(packed)), within, depth)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return in.text(narrow{b}, within)
	}
	return in.text(b, within)
}

func (in *inside) text(r io.Reader, within string) error {
	n, err := in.search(interruptible{in.ctx, r}, func(s sighting) error {
		if err := in.found(within, s); err != nil {
			return stopped{err}
		}
		return nil
	})
	in.read += n
	return err
}

func (in *inside) gunzip(r io.Reader, within string, depth int) error {
	if depth >= depthMost {
		return errTooDeep
	}
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	return in.look(&metered{unpacked, &in.budget}, within, depth+1)
}

// unzip looks through a zip. What is no zip after all, in spite of its first bytes, is searched as it stands.
func (in *inside) unzip(r io.ReaderAt, size int64, within string, depth int) error {
	if depth >= depthMost {
		return errTooDeep
	}
	contents := &contents{ReaderAt: r, left: directoryMost}
	archive, err := zip.NewReader(contents, size)
	if errors.Is(err, errContents) {
		return err
	}
	if err != nil {
		return in.text(io.NewSectionReader(r, 0, size), within)
	}
	contents.opened = true
	for _, member := range archive.File {
		name, secrets := maskSecrets(member.Name)
		if within != "" {
			name = within + "!" + name
		}
		for _, s := range secrets {
			if err := in.found(name, s); err != nil {
				return stopped{err}
			}
		}
		unpacked, err := member.Open()
		if err != nil { // encrypted, or of a method that Go does not know
			in.unread(name, err)
			continue
		}
		err = in.look(&metered{unpacked, &in.budget}, name, depth+1)
		_ = unpacked.Close()
		if err != nil {
			return err
		}
		if in.budget <= 0 {
			return errUnpacked
		}
	}
	return nil
}

// contents lets no more than left be read while a zip's table of contents is.
type contents struct {
	io.ReaderAt
	left   int64
	opened bool
}

func (c *contents) ReadAt(p []byte, off int64) (int, error) {
	if !c.opened {
		if c.left -= int64(len(p)); c.left < 0 {
			return 0, errContents
		}
	}
	return c.ReaderAt.ReadAt(p, off)
}

// metered takes what is read out of a budget that several streams share.
type metered struct {
	io.Reader
	budget *int64
}

func (m *metered) Read(p []byte) (int, error) {
	if *m.budget <= 0 {
		// One byte more tells a stream that ends here from one that is cut.
		var one [1]byte
		if n, err := m.Reader.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errUnpacked
	}
	n, err := m.Reader.Read(p[:min(int64(len(p)), *m.budget)])
	*m.budget -= int64(n)
	return n, err
}

// narrow drops the zero bytes of UTF-16, which leaves ASCII as it is. Some shells on Windows write files so.
type narrow struct{ io.Reader }

func (n narrow) Read(p []byte) (int, error) {
	count, err := n.Reader.Read(p)
	kept := 0
	for _, c := range p[:count] {
		if c != 0 {
			p[kept] = c
			kept++
		}
	}
	return kept, err
}

// interruptible ends a stream when ctx does.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, stopped{err}
	}
	return i.Reader.Read(p)
}
