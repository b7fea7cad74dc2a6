package handbook

import (
	"bytes"
	"html/template"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// page is one page of the documentation.
type page struct {
	name, path string // its file; its path below /docs/
	title      string
	headings   []entry
	body       template.HTML
	links      []group // of an index: what it lists, by its headings
}

// markdown turns pages into HTML. HTML within pages is left out, as goldmark does unless told otherwise: the comments in
// ours are for tests. Columns are aligned by an attribute, because the policy forbids styles in elements.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
)

// frames make what may be wider than a telephone scroll by itself, with the keyboard, too. No text can forge them: in a
// text, < is written as an entity.
var frames = strings.NewReplacer(
	"<table>", `<div class="wide" tabindex="0" role="group" aria-label="Table"><table>`,
	"</table>", "</table></div>",
	"<pre>", `<pre tabindex="0">`,
	"<th></th>", "<td></td>", // a heading without words says nothing to who hears the page
	"<!-- raw HTML omitted -->\n", "",
	"<!-- raw HTML omitted -->", "",
)

// read makes a page of a file.
func read(name string, source []byte) (*page, error) {
	p := &page{name: name, path: address(name)}
	tree := markdown.Parser().Parse(text.NewReader(source))
	var links []ast.Node
	err := ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.heading(n, source)
		case *ast.Link, *ast.Image:
			links = append(links, n)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	for _, n := range links {
		p.link(n, source)
	}
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, source, tree); err != nil {
		return nil, err
	}
	p.body = template.HTML(frames.Replace(b.String())) // #nosec G203 -- our own pages, in which HTML is left out
	return p, nil
}

// heading notes the title of the page and its parts.
func (p *page) heading(n *ast.Heading, source []byte) {
	words := plain(n, source)
	switch n.Level {
	case 1:
		p.title = words
	case 2:
		if id, ok := n.AttributeString("id"); ok {
			p.headings = append(p.headings, entry{Path: p.path + "#" + string(id.([]byte)), Text: words})
		}
		p.links = append(p.links, group{Title: words})
	}
}

// link lets a link lead to where the thing it names is served, and takes away one that leads out of the documentation: the
// sources are not served.
func (p *page) link(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Image:
		n.Destination = []byte(root(strings.Count(p.path, "/")) + path.Join(path.Dir(p.name), string(n.Destination)))
	case *ast.Link:
		to := string(n.Destination)
		if strings.HasPrefix(to, "#") || strings.Contains(to, ":") {
			return
		}
		file, anchor, _ := strings.Cut(to, "#")
		target, ok := within(path.Join(path.Dir(p.name), file), strings.HasSuffix(file, "/"))
		if !ok {
			parent := n.Parent()
			for c := n.FirstChild(); c != nil; c = n.FirstChild() {
				parent.InsertBefore(parent, n, c)
			}
			parent.RemoveChild(parent, n)
			return
		}
		if len(p.links) > 0 && listed(n) {
			at := groupOf(n, source, p.links)
			p.links[at].Entries = append(p.links[at].Entries, entry{Path: target, Text: plain(n, source)})
		}
		if anchor != "" {
			target += "#" + anchor
		}
		n.Destination = []byte(root(strings.Count(p.path, "/")) + target)
	}
}

// listed reports whether a link stands in a list.
func listed(n ast.Node) bool {
	for ; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindListItem {
			return true
		}
	}
	return false
}

// groupOf returns which of the groups a link stands in: that of the nearest heading above.
func groupOf(n ast.Node, source []byte, groups []group) int {
	for n.Parent() != nil && n.Parent().Kind() != ast.KindDocument {
		n = n.Parent()
	}
	for ; n != nil; n = n.PreviousSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level != 2 {
			continue
		}
		for i := range groups {
			if groups[i].Title == plain(h, source) {
				return i
			}
		}
	}
	return 0
}

// within returns the address of a file by its path from docs, and whether the file is served at all.
func within(file string, folder bool) (string, bool) {
	switch {
	case file == "../api/openapi.json":
		return referencePath, true
	case file == ".." || strings.HasPrefix(file, "../"):
		return "", false
	case folder:
		return file + "/", true
	default:
		return address(file), true
	}
}

// address is the path of a file below /docs/: pages go without their ending, the index of a folder has the folder's.
func address(file string) string {
	if path.Base(file) == indexName {
		return strings.TrimSuffix(file, indexName)
	}
	return strings.TrimSuffix(file, ".md")
}

// plain returns the text of a node without its markup.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function never fails
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// contents makes the table of contents of the first page's lists. Pages that it forgot come last; those in folders are
// listed by their folder's index.
func contents(pages []*page) []group {
	var all []group
	listed := map[string]bool{"": true}
	for _, p := range pages {
		if p.path != "" {
			continue
		}
		for _, g := range p.links {
			if len(g.Entries) > 0 {
				all = append(all, g)
			}
			for _, e := range g.Entries {
				listed[e.Path] = true
			}
		}
	}
	more := group{Title: "More"}
	for _, p := range pages {
		if !listed[p.path] && !strings.Contains(p.path, "/") {
			more.Entries = append(more.Entries, entry{Path: p.path, Text: p.title})
		}
	}
	if len(more.Entries) > 0 {
		all = append(all, more)
	}
	return all
}
