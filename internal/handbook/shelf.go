package handbook

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/docs"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// shelf is everything that the door serves, by its path below /docs/.
type shelf struct {
	leaves map[string]*leaf
	nav    []group
	topics []entry // the pages of the reference, for the contents
	style  string  // the fingerprint of the style sheet
}

// leaf is one answer.
type leaf struct {
	kind, tag string
	text      []byte
}

// group is a part of the table of contents.
type group struct {
	Title   string
	Entries []entry
}

// entry is a line of the table of contents, with what is below it when its page is open.
type entry struct {
	Path, Text string
	Here       bool
	Below      []entry
}

// sheet is what is put into the template around every page. Root leads from the page to /docs/.
type sheet struct {
	Title, Root, Style string
	Nav                []group
	Body               template.HTML
}

var (
	//go:embed page.html
	source string
	//go:embed page.css
	style []byte

	templates = template.Must(template.New("page").Parse(source))
)

// pictures are the types of files that are served as they are.
var pictures = map[string]string{
	".png":  "image/png",
	".jpg":  "image/jpeg",
	".webp": "image/webp",
	".svg":  "image/svg+xml", // under the same policy, so that a script in one does not run
}

// indexName is the page that a folder itself shows.
const indexName = "README.md"

func newShelf(document []byte) (*shelf, error) {
	s := &shelf{leaves: map[string]*leaf{}}
	s.put("style.css", "text/css; charset=utf-8", style)
	s.put("openapi.json", "application/json", document)
	s.style = strings.Trim(s.leaves["style.css"].tag, `"`)
	reference, err := newReference(document)
	if err != nil {
		return nil, err
	}
	for _, t := range reference.topics {
		s.topics = append(s.topics, entry{Path: t.Path, Text: t.Title})
	}
	pages, err := s.gather()
	if err != nil {
		return nil, err
	}
	s.nav = contents(pages)
	for _, p := range pages {
		if err := s.page(p.path, p.title, p.headings, p.body); err != nil {
			return nil, err
		}
	}
	return s, reference.put(s)
}

// gather reads all files of the documentation: it keeps the pictures and returns the pages.
func (s *shelf) gather() (pages []*page, err error) {
	err = fs.WalkDir(docs.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := docs.Files.ReadFile(name)
		if err != nil {
			return err
		}
		switch ending := path.Ext(name); {
		case ending == ".md":
			p, err := read(name, text)
			if err != nil {
				return fmt.Errorf("docs/%s: %w", name, err)
			}
			pages = append(pages, p)
		case pictures[ending] != "":
			s.put(name, pictures[ending], text)
		}
		return nil
	})
	return pages, err
}

// put keeps an answer under its path.
func (s *shelf) put(name, kind string, text []byte) {
	sum := sha256.Sum256(text)
	s.leaves[name] = &leaf{kind: kind, text: text, tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

const htmlType = "text/html; charset=utf-8"

// page puts the frame around a page and keeps it.
func (s *shelf) page(name, title string, headings []entry, body template.HTML) error {
	text, err := s.frame(name, root(strings.Count(name, "/")), title, headings, body)
	if err == nil {
		s.put(name, htmlType, text)
	}
	return err
}

func (s *shelf) frame(name, root, title string, headings []entry, body template.HTML) ([]byte, error) {
	all := sheet{Title: title, Root: root, Style: s.style, Body: body}
	for _, g := range s.nav {
		g.Entries = slices.Clone(g.Entries)
		for i := range g.Entries {
			switch e := &g.Entries[i]; {
			case e.Path == name:
				e.Here, e.Below = true, headings
				if name == referencePath {
					e.Below = s.topics
				}
			case e.Path == referencePath && strings.HasPrefix(name, referencePath):
				e.Below = slices.Clone(s.topics)
				for j := range e.Below {
					e.Below[j].Here = e.Below[j].Path == name
				}
			}
		}
		all.Nav = append(all.Nav, g)
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "page", all); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the page cannot be made")
	}
	return b.Bytes(), nil
}

// missing makes the page that says that there is none, for a path with so many slashes.
func (s *shelf) missing(depth int) (*leaf, error) {
	// A path is as deep as a stranger likes; the page's links would grow with it, a hundredfold.
	if depth > maxDepth {
		return &leaf{kind: "text/plain; charset=utf-8", text: []byte("There is no such page.\n")}, nil
	}
	text, err := s.frame("", root(depth), "There is no such page", nil,
		"<h1>There is no such page</h1><p>It may have another name by now: all pages are listed here.</p>")
	return &leaf{kind: htmlType, text: text}, err
}

const maxDepth = 8

// root is the way from a page with so many slashes in its path to the folder of all pages.
func root(depth int) string {
	if depth == 0 {
		return "./"
	}
	return strings.Repeat("../", depth)
}
