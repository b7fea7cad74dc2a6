package leak

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// foundMost is how many findings of one repository are kept until their commits are known.
const foundMost = 100_000

var errTooMany = errors.New("has more than 100000 findings; the history was not read further")

// trace is a finding in an object whose commit is not known yet.
type trace struct {
	Finding
	within string // the member of an archive
	kind   string // of the object: blob, tree, commit or tag
	origin *origin
}

func (s *scan) histories(dirs []string) error {
	if len(dirs) == 0 {
		return fault.New(fault.NotFound, "there is no git repository at or below the paths; leave out the history or name the folder that holds .git")
	}
	searcher := newSearcher()
	for _, dir := range dirs {
		r, err := openRepository(dir)
		if err != nil {
			return err
		}
		if err := s.history(searcher, r, dir); err != nil {
			return err
		}
	}
	return nil
}

// history looks through every object of a repository and then asks which commits brought the ones that have findings.
// An error is one of the caller; a repository that cannot be read, or only in part, is told in the summary.
func (s *scan) history(searcher *searcher, r *repository, dir string) error {
	o := &objects{scan: s, searcher: searcher, dir: dir}
	err := r.run(s.ctx, nil, o.all, "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
	if stopped := context.Cause(s.ctx); stopped != nil {
		return stopped
	}
	if err != nil {
		s.unread(dir, err)
	}
	s.mu.Lock()
	s.summary.Repositories++
	s.mu.Unlock()
	if err := s.attribute(r, o.traces); err != nil && s.ctx.Err() == nil {
		s.unread(dir, fmt.Errorf("the commits of some findings are not known: %w", err))
	}
	for _, t := range collapse(o.traces) {
		if err := s.report(t.Finding); err != nil {
			return err
		}
	}
	return nil
}

// objects reads what git cat-file prints: for each object "id kind size", a line end, its content, a line end.
type objects struct {
	*scan
	searcher *searcher
	dir      string
	traces   []*trace
}

func (o *objects) all(r io.Reader) error {
	b := bufio.NewReaderSize(r, chunk)
	for {
		head, err := b.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		fields := strings.Fields(string(head))
		if len(fields) != 3 { // "id missing": a partial clone, or damage
			o.unread(o.dir, fmt.Errorf("object %s", strings.TrimSpace(Mask(string(head)))))
			continue
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("git says of object %s that its size is %s", fields[0], fields[2])
		}
		if err := o.one(io.LimitReader(b, size), fields[0], fields[1], size); err != nil {
			return err
		}
		if _, err := b.Discard(1); err != nil {
			return err
		}
	}
}

// one looks through one object and reads it to its end.
func (o *objects) one(content io.Reader, id, kind string, size int64) error {
	name := o.dir + "#" + id
	if size > o.MaxFileSize {
		o.unread(name, errTooLarge)
	} else {
		in := o.inside(o.searcher, name)
		in.found = func(within string, found sighting) error {
			if len(o.traces) >= foundMost {
				return errTooMany
			}
			f := finding("", found)
			f.Repository, f.Object = o.dir, id
			if kind == "tree" { // its names have no lines, and between them is binary
				f.Line, f.Column, f.Redacted = 0, 0, ""
			}
			o.traces = append(o.traces, &trace{Finding: f, within: within, kind: kind})
			return nil
		}
		if err := in.look(content, "", 0); err != nil {
			return errors.Unwrap(err)
		}
		o.counted(0, 1, in.read)
	}
	_, err := io.Copy(io.Discard, content)
	return err
}

// origin is how an object came into the history: where, and by which commit.
type origin struct {
	commit, path string
	time         int64 // of the commit, in seconds
	merge        bool
	excluded     bool
}

// before prefers what was not excluded, then a commit of its own to a merge of others', then the earlier.
func (o *origin) before(other *origin) bool {
	switch {
	case other == nil:
		return true
	case o.excluded != other.excluded:
		return !o.excluded
	case o.merge != other.merge:
		return !o.merge
	}
	return o.time < other.time
}

// attribute finds the origins of blobs. It compares every commit with its parents, also those that no branch reaches:
// a secret that was committed and amended away was still committed.
func (s *scan) attribute(r *repository, traces []*trace) error {
	origins := map[string]*origin{}
	for _, t := range traces {
		if t.kind == "commit" {
			t.Commit = t.Object
		}
		if t.kind == "blob" {
			origins[t.Object] = nil
		}
	}
	if len(origins) == 0 {
		return nil
	}
	commits, list := io.Pipe()
	listed := make(chan error, 1)
	go func() {
		err := r.run(s.ctx, nil, func(all io.Reader) error { return onlyCommits(list, all) },
			"cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objecttype) %(objectname)")
		_ = list.CloseWithError(err)
		listed <- err
	}()
	err := r.run(s.ctx, commits, func(diffs io.Reader) error { return s.origins(diffs, origins) },
		"diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv",
		"--no-notes", "--format=%H %ct %P")
	_ = commits.Close()
	err = errors.Join(<-listed, err)
	for _, t := range traces {
		if t.origin = origins[t.Object]; t.origin != nil {
			t.Commit, t.Path = t.origin.commit, Mask(t.origin.path)
		}
		if t.within != "" {
			t.Path += "!" + t.within
		}
	}
	return err
}

func onlyCommits(to io.Writer, all io.Reader) error {
	w := bufio.NewWriter(to)
	lines := bufio.NewScanner(all)
	for lines.Scan() {
		if id, ok := bytes.CutPrefix(lines.Bytes(), []byte("commit ")); ok {
			if _, err := fmt.Fprintf(w, "%s\n", id); err != nil {
				return err
			}
		}
	}
	return errors.Join(lines.Err(), w.Flush())
}

// origins reads what git diff-tree -z prints: for each commit and parent the format, NUL, and for each changed file
// ":mode mode id id status", NUL, its path, NUL.
func (s *scan) origins(diffs io.Reader, origins map[string]*origin) error {
	b := bufio.NewReaderSize(diffs, chunk)
	var commit origin
	for {
		field, err := b.ReadString(0)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		field = strings.Trim(field, "\n\x00")
		if !strings.HasPrefix(field, ":") {
			if words := strings.Fields(field); len(words) >= 2 {
				commit = origin{commit: words[0], merge: len(words) > 3}
				commit.time, _ = strconv.ParseInt(words[1], 10, 64)
			}
			continue
		}
		path, err := b.ReadString(0)
		if err != nil {
			return err
		}
		words := strings.Fields(field)
		if len(words) < 5 {
			return fmt.Errorf("git describes a change as %q", field)
		}
		if known, wanted := origins[words[3]]; wanted {
			o := commit
			o.path = strings.TrimSuffix(path, "\x00")
			o.excluded = s.excluded(o.path)
			if o.before(known) {
				origins[words[3]] = &o
			}
		}
	}
}

// collapse keeps what the earliest of many versions of a file has of a secret, and counts the others. What was
// excluded is left out.
func collapse(traces []*trace) (kept []*trace) {
	type place struct{ fingerprint, path, message string }
	type versions struct {
		earliest *trace
		objects  map[string]bool
	}
	of := func(t *trace) place {
		if t.kind == "blob" {
			return place{t.Fingerprint, t.Path, ""}
		}
		return place{t.Fingerprint, t.Path, t.Object}
	}
	all := map[place]*versions{}
	for _, t := range traces {
		if t.origin != nil && t.origin.excluded {
			continue
		}
		v := all[of(t)]
		if v == nil {
			v = &versions{t, map[string]bool{}}
			all[of(t)] = v
		} else if t.origin != nil && t.origin.before(v.earliest.origin) {
			v.earliest = t
		}
		v.objects[t.Object] = true
	}
	for _, t := range traces {
		if v := all[of(t)]; v != nil && t.Object == v.earliest.Object {
			t.Copies = len(v.objects) - 1
			kept = append(kept, t)
		}
	}
	return kept
}
