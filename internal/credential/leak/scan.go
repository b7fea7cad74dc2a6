package leak

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// DefaultMaxFileSize is the size of a file up to which it is read, in bytes, where [Options] say nothing else.
const DefaultMaxFileSize = 1 << 30

// unreadMost bounds [Summary.Unread]; more are only counted.
const unreadMost = 1000

// Options say what to scan.
type Options struct {
	// Paths are files and directories. Links are followed when they are named here, and not when they are met.
	Paths []string
	// History also looks through every object of the git repositories at and below Paths, reachable or not.
	History bool
	// Workers is how many files are read at a time; 0 is one per processor.
	Workers int
	// MaxFileSize is the size, in bytes, above which a file or an object of git is left unread; 0 is DefaultMaxFileSize.
	MaxFileSize int64
	// Exclude leaves out what matches one of these patterns (path.Match): a pattern without a slash is compared with
	// every element of the path below the one named, a pattern with one with its beginning.
	Exclude []string
}

// Finding is a generated secret where somebody put it. The secret itself is not in it.
type Finding struct {
	// Path is the file as it can be opened from here, or the path in the tree of Commit; members of archives come after
	// a "!". It is empty for an object of git that no commit holds. Secrets in it are masked.
	Path string
	// Repository is the git repository of a finding in history, and Object the id of the blob, commit or tag.
	Repository, Object string
	// Commit is the earliest commit that has Object at Path.
	Commit string
	// Line and Column begin at 1 and are 0 for a secret in a name; a column is a byte of the (unpacked) text.
	Line, Column int64
	// Encoded tells that the secret is inside base64.
	Encoded bool
	// Hint and Fingerprint are those of the functions of these names.
	Hint, Fingerprint string
	// Redacted is the line around it, shortened and masked.
	Redacted string
	// Copies counts the other objects of the history that have the same secret at the same Path, in later versions.
	Copies int
}

// Unread is something that could not be looked through, wholly or from some place on.
type Unread struct{ Path, Reason string }

// Summary is what a scan did.
type Summary struct {
	Files, Objects, Repositories int
	// Bytes counts what was searched, unpacked.
	Bytes    int64
	Findings int
	// Unread has the first 1000 of UnreadTotal.
	Unread      []Unread
	UnreadTotal int
}

// scan is one run.
type scan struct {
	Options
	ctx  context.Context
	stop context.CancelCauseFunc
	emit func(Finding) error

	mu      sync.Mutex // guards what follows, and the calls of emit
	summary Summary
}

// Scan looks for generated secrets and tells found about each, one at a time, in no order. What cannot be read is
// listed in the summary and ends nothing. An error of found ends the scan and comes back. [fault.NotFound]: a path does
// not exist, or there is no repository although History was asked for; [fault.Invalid]: nothing to scan, or a pattern
// is malformed; [fault.Unavailable]: there is no git.
func Scan(ctx context.Context, o Options, found func(Finding) error) (Summary, error) {
	if err := o.complete(); err != nil {
		return Summary{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &scan{Options: o, ctx: ctx, stop: stop, emit: found}
	var repositories []string
	files := make(chan target, 2*o.Workers)
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			searcher := newSearcher()
			for f := range files {
				s.file(searcher, f)
			}
		})
	}
	for _, root := range o.Paths {
		repositories = append(repositories, s.walk(root, files)...)
	}
	close(files)
	workers.Wait()
	if o.History && ctx.Err() == nil {
		if err := s.histories(repositories); err != nil {
			return s.summary, err
		}
	}
	return s.summary, context.Cause(ctx)
}

func (o *Options) complete() error {
	if len(o.Paths) == 0 {
		return fault.On("paths", "name a file or a directory to scan")
	}
	for _, p := range o.Paths {
		if _, err := os.Stat(p); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return fault.New(fault.NotFound, "there is no %s", Mask(p))
			}
			return fault.New(fault.Invalid, "%s cannot be scanned: %s", Mask(p), reason(err))
		}
	}
	for _, pattern := range o.Exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			return fault.On("exclude", "%q is no pattern: see path.Match of Go, or *.log, build, docs/*.md", pattern)
		}
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MaxFileSize <= 0 {
		o.MaxFileSize = DefaultMaxFileSize
	}
	return nil
}

// target is a file to look through.
type target struct {
	path string
	info fs.FileInfo
}

// walk hands the files below root to the workers and returns the git repositories it met. It does not enter them:
// what is in there is compressed, and History's business. A .git that is a file is what git itself makes of work trees
// and submodules; it leads to the repository, wherever that is.
func (s *scan) walk(root string, files chan<- target) (repositories []string) {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		if info, err := os.Lstat(root); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			root = real
		}
	}
	_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if s.ctx.Err() != nil {
			return fs.SkipAll
		}
		below, _ := filepath.Rel(root, name)
		if err == nil && name != root && s.excluded(filepath.ToSlash(below)) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil {
			s.named(name)
		}
		switch {
		case err != nil:
			s.unread(name, err)
		case filepath.Base(name) == ".git" && d.Type()&fs.ModeSymlink != 0:
			if s.History {
				s.unread(name, errLinked)
			}
		case filepath.Base(name) == ".git" || d.IsDir() && bare(name):
			repositories = append(repositories, name)
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil {
				s.unread(name, err)
				break
			}
			select {
			case files <- target{name, info}:
			case <-s.ctx.Done():
			}
		}
		return nil
	})
	return repositories
}

// bare reports whether a directory is the inside of a git repository.
func bare(dir string) bool {
	for _, member := range []string{"objects", "refs", "HEAD"} {
		if _, err := os.Lstat(filepath.Join(dir, member)); err != nil {
			return false
		}
	}
	return true
}

func (s *scan) excluded(below string) bool {
	elements := strings.Split(below, "/")
	return slices.ContainsFunc(s.Exclude, func(pattern string) bool {
		pattern = strings.TrimSuffix(pattern, "/")
		if depth := strings.Count(pattern, "/") + 1; depth > 1 {
			if depth > len(elements) {
				return false
			}
			match, _ := path.Match(pattern, strings.Join(elements[:depth], "/"))
			return match
		}
		return slices.ContainsFunc(elements, func(element string) bool {
			match, _ := path.Match(pattern, element)
			return match
		})
	})
}

// named reports secrets in the last element of a file's or directory's name.
func (s *scan) named(name string) {
	_, secrets := maskSecrets(filepath.Base(name))
	for _, found := range secrets {
		_ = s.report(finding(name, found))
	}
}

func finding(path string, s sighting) Finding {
	return Finding{
		Path: Mask(path), Line: s.line, Column: s.column, Encoded: s.encoded,
		Hint: s.hint, Fingerprint: s.fingerprint, Redacted: s.redacted,
	}
}

// report tells the caller about a finding. Its error ends the scan.
func (s *scan) report(f Finding) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.summary.Findings++
	if err := s.emit(f); err != nil {
		s.stop(err)
		return err
	}
	return nil
}

func (s *scan) unread(path string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.summary.UnreadTotal++
	if len(s.summary.Unread) < unreadMost {
		s.summary.Unread = append(s.summary.Unread, Unread{Mask(path), Mask(reason(err))})
	}
}

// reason leaves out the path, which is told anyway.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return err.Error()
}

func (s *scan) counted(files, objects int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.summary.Files += files
	s.summary.Objects += objects
	s.summary.Bytes += bytes
}

var (
	errTooLarge = errors.New("is larger than the limit for files")
	errLinked   = errors.New("is a link; name the repository that it leads to")
	errSwapped  = errors.New("was replaced while it was looked at")
)

// file looks through one file.
func (s *scan) file(searcher *searcher, t target) {
	if s.ctx.Err() != nil {
		return
	}
	if t.info.Size() > s.MaxFileSize {
		s.unread(t.path, errTooLarge)
		return
	}
	f, err := os.Open(t.path)
	if err != nil {
		s.unread(t.path, err)
		return
	}
	defer func() { _ = f.Close() }()
	// A link put there meanwhile would lead out of what was named.
	if now, err := f.Stat(); err != nil || !os.SameFile(now, t.info) {
		s.unread(t.path, errSwapped)
		return
	}
	in := s.inside(searcher, t.path)
	var head [4]byte
	if _, err := f.ReadAt(head[:], 0); err == nil && string(head[:]) == "PK\x03\x04" {
		if err := in.unzip(f, t.info.Size(), "", 0); err != nil && !errors.As(err, new(stopped)) {
			s.unread(t.path, err)
		}
	} else {
		// A file that grows while it is read, such as the log of this very scan, must not keep it forever.
		_ = in.look(&limited{f, s.MaxFileSize}, "", 0)
	}
	s.counted(1, 0, in.read)
}

// limited gives an error, not an end, after left bytes.
type limited struct {
	io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

func (s *scan) inside(searcher *searcher, name string) *inside {
	full := func(within string) string {
		if within == "" {
			return name
		}
		return name + "!" + within
	}
	return &inside{
		searcher: searcher, ctx: s.ctx, budget: min(unpackedMost, s.MaxFileSize),
		found:  func(within string, found sighting) error { return s.report(finding(full(within), found)) },
		unread: func(within string, err error) { s.unread(full(within), err) },
	}
}
