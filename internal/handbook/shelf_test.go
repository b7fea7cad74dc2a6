package handbook

import (
	"bytes"
	"html"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/docs"
	"github.com/counterfoil/counterfoil/internal/adminapi"
)

func whole(t *testing.T) *shelf {
	t.Helper()
	text, err := adminapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newShelf(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	ids     = regexp.MustCompile(` id="([^"]+)"`)
	targets = regexp.MustCompile(` (?:href|src)="([^"]*)"`)
)

// TestEveryLinkLeadsToAPageAndAPlaceOnIt follows every link of every page as a browser would, from where the page stands.
func TestEveryLinkLeadsToAPageAndAPlaceOnIt(t *testing.T) {
	s := whole(t)
	places := map[string]bool{}
	for name, l := range s.leaves {
		seen := map[string]bool{}
		for _, found := range ids.FindAllStringSubmatch(string(l.text), -1) {
			if seen[found[1]] {
				t.Errorf("%s has two places called %s", name, found[1])
			}
			seen[found[1]] = true
			places[name+"#"+html.UnescapeString(found[1])] = true
		}
	}
	followed := map[string]bool{}
	for name, l := range s.leaves {
		if l.kind != htmlType {
			continue
		}
		here, err := url.Parse("https://id.example/inner/docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range targets.FindAllStringSubmatch(string(l.text), -1) {
			to, err := here.Parse(html.UnescapeString(found[1]))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if to.Host != here.Host {
				continue
			}
			target, ok := strings.CutPrefix(to.Path, "/inner/docs/")
			if !ok || s.leaves[target] == nil {
				t.Errorf("%s leads to %s, where nothing is", name, found[1])
			}
			if to.Fragment != "" && !places[target+"#"+to.Fragment] {
				t.Errorf("%s leads to %s, and the page has no such place", name, found[1])
			}
			followed[target] = true
		}
	}
	for name := range s.leaves {
		if !followed[name] {
			t.Errorf("no page leads to %q", name)
		}
	}
	if len(followed) < 60 {
		t.Errorf("only %d pages are led to: is the pattern right?", len(followed))
	}
}

func TestPagesHaveNothingThatThePolicyForbidsOrTheirAuthorsHid(t *testing.T) {
	for name, l := range whole(t).leaves {
		if l.kind != htmlType {
			continue
		}
		for _, bad := range []string{"<script", "<style", " style=", "javascript:", "<iframe", "<form", "<!--", "<th></th>", "not run:", ".md\""} {
			if bytes.Contains(bytes.ToLower(l.text), []byte(bad)) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
}

func TestEveryOperationOfTheDocumentIsOnThePageOfItsTag(t *testing.T) {
	s, n := whole(t), 0
	text, _ := adminapi.Document()
	r, err := newReference(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range r.topics {
		page := string(s.leaves[topic.Path].text)
		for _, o := range topic.Operations {
			n++
			if !strings.Contains(page, `id="`+o.ID+`"`) || !strings.Contains(page, o.Path) || o.Example == "" || len(o.Answers) == 0 {
				t.Errorf("%s %s is not whole on its page", o.Method, o.Path)
			}
			if o.Scope == "" && o.Else == "" {
				t.Errorf("%s %s does not say what lets in", o.Method, o.Path)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d operations", n)
	}
	made := string(s.leaves["api/applications"].text)
	for _, want := range []string{
		"<code>credentials:write</code>", "<code>Idempotency-Key</code>", "409 Conflict", "Answer: 201 Created", "<code>scopes</code>",
		"curl --request POST &#34;$ISSUER/api/v1/applications/$APPLICATION/secrets&#34;",
	} {
		if !strings.Contains(made, want) {
			t.Errorf("the page of applications lacks %s", want)
		}
	}
}

// TestTextOfAPageStaysText writes what an author may write by mistake, or somebody else into a page that is copied.
func TestTextOfAPageStaysText(t *testing.T) {
	source := "# A <b>page</b>\n\n<script>alert(1)</script>\n\n`<table>` &lt;pre&gt; [a](javascript:alert(1)) [b](../../etc/passwd)\n\n" +
		"| a | b |\n| --- | ---: |\n| <pre> | `<table>` |\n"
	p, err := read("decisions/9999-x.md", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	body := string(p.body)
	if strings.Contains(body, "<script") || strings.Contains(body, "javascript") || strings.Contains(body, "passwd") || strings.Contains(body, "style=") {
		t.Errorf("too much came through: %s", body)
	}
	if strings.Count(body, "<table>") != 1 || strings.Count(body, "<pre") != 0 {
		t.Errorf("text became elements: %s", body)
	}
	if p.path != "decisions/9999-x" || !strings.Contains(body, "b") {
		t.Errorf("%s: %s", p.path, body)
	}
}

func TestSchemaWithinItselfIsListedOnce(t *testing.T) {
	d := &document{}
	tree := &schema{Type: "object", Properties: map[string]*schema{
		"name": {Type: "string"},
		"kids": {Type: "array", Items: &schema{Ref: "#/components/schemas/Tree"}},
	}}
	d.Components.Schemas = map[string]*schema{"Tree": tree, "Loop": {Ref: "#/components/schemas/Loop"}}
	var names []string
	for _, m := range d.members(&schema{Ref: "#/components/schemas/Tree"}, "", nil) {
		names = append(names, m.Name)
	}
	if !slices.Equal(names, []string{"kids", "name"}) {
		t.Errorf("listed %v", names)
	}
	if got := d.members(&schema{Ref: "#/components/schemas/Loop"}, "", nil); got != nil {
		t.Errorf("a name that means itself has %v", got)
	}
	if got := d.sample(&schema{Ref: "#/components/schemas/Tree"}, 0); got == nil {
		t.Error("no sample")
	}
}

func TestPicturesFitIntoTheProgram(t *testing.T) {
	entries, err := docs.Files.ReadDir("img")
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if pictures[path.Ext(e.Name())] == "" {
			t.Errorf("docs/img/%s is in the program and nobody gets it", e.Name())
		}
		size += info.Size()
	}
	if size >= 3<<20 {
		t.Errorf("docs/img has %d bytes: every program carries them", size)
	}
}

func TestPagesAreTheSameEachTime(t *testing.T) {
	one, other := whole(t), whole(t)
	for _, name := range slices.Sorted(maps.Keys(one.leaves)) {
		if one.leaves[name].tag != other.leaves[name].tag {
			t.Errorf("%s differs from node to node", name)
		}
	}
}
