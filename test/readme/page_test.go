package readme

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown page.
type block struct {
	language string
	text     string
	line     int    // of its first line, from 1
	reason   string // why it is not run, or empty
	output   string // of a sh block: what it prints, as the text block after it says
}

var (
	fence  = regexp.MustCompile("^```([a-z]*)$")
	notRun = regexp.MustCompile(`^<!-- not run: (.+) -->$`)
)

// blocks returns the fenced blocks of a page. A text block belongs to the sh block before it. Every block has a
// language; a sh block that is not to be run has a comment above it that says why.
func blocks(page string) ([]block, error) {
	var all []block
	var current *block
	var body []string
	reason := ""
	for i, line := range strings.Split(page, "\n") {
		mark := fence.FindStringSubmatch(line)
		switch {
		case current == nil && mark != nil:
			if mark[1] == "" {
				return nil, fmt.Errorf("line %d: a block without a language", i+1)
			}
			current, body = &block{language: mark[1], line: i + 2, reason: reason}, nil
		case current != nil && line == "```":
			current.text = strings.Join(body, "\n") + "\n"
			if current.language != "text" {
				all = append(all, *current)
			} else if last := len(all) - 1; last < 0 || all[last].language != "sh" || all[last].output != "" {
				return nil, fmt.Errorf("line %d: output of no command", current.line)
			} else {
				all[last].output = current.text
			}
			current = nil
		case current != nil:
			body = append(body, line)
		case strings.HasPrefix(line, "```"):
			return nil, fmt.Errorf("line %d: a fence that is not understood", i+1)
		}
		reason = ""
		if found := notRun.FindStringSubmatch(line); found != nil && current == nil {
			reason = found[1]
		}
	}
	if current != nil {
		return nil, fmt.Errorf("line %d: a block without an end", current.line)
	}
	return all, nil
}

// mismatch holds what a block printed against what the page says it prints, where … stands for any text, and alone
// on a line for any lines. It returns what is wrong, or nothing.
func mismatch(want, got string) string {
	pattern := regexp.QuoteMeta(strings.TrimRight(want, "\n"))
	pattern = strings.ReplaceAll("\n"+pattern+"\n", "\n…\n", "\n(?s:.*)")
	pattern = strings.TrimPrefix(strings.ReplaceAll(pattern, "…", ".*"), "\n")
	if regexp.MustCompile(`^` + pattern + `$`).MatchString(strings.TrimRight(got, "\n") + "\n") {
		return ""
	}
	return fmt.Sprintf("the page says\n%s\nbut it printed\n%s", indent(want), indent(got))
}

func indent(text string) string {
	return "  | " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  | ")
}

func TestBlocksAreFoundWithTheirOutput(t *testing.T) {
	page := "# x\n```sh\necho a\n```\nprints\n```text\na\n```\n<!-- not run: too loud -->\n```sh\nhonk\n```\n```go\npackage main\n```\n"
	all, err := blocks(page)
	if err != nil {
		t.Fatal(err)
	}
	want := []block{
		{"sh", "echo a\n", 3, "", "a\n"}, {"sh", "honk\n", 11, "too loud", ""}, {"go", "package main\n", 14, "", ""},
	}
	if fmt.Sprint(all) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", all, want)
	}
}

func TestMalformedPagesAreRefused(t *testing.T) {
	for name, page := range map[string]string{
		"no language": "```\nx\n```\n", "no end": "```sh\nx\n", "output of nothing": "```text\nx\n```\n",
		"two outputs": "```sh\nx\n```\n```text\nx\n```\n```text\ny\n```\n", "another kind of fence": "```sh run\nx\n```\n",
	} {
		if _, err := blocks(page); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestOutputIsComparedLineByLine(t *testing.T) {
	for _, c := range []struct {
		want, got string
		good      bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "a", true},
		{"a\n", "b\n", false},
		{"a\n", "a\nb\n", false},
		{"a…c\n", "abbc\n", true},
		{"a…c\n", "a\nc\n", false},
		{"a\n…\nz\n", "a\nb\nc\nz\n", true},
		{"a\n…\nz\n", "a\nz\n", true},
		{"a\n…\nz\n", "a\nb\n", false},
		{"…\nz\n", "a\nb\nz\n", true},
		{"a\n…\n", "a\nb\n", true},
		{"a\n…\n", "a\n", true},
		{"(a)\n", "a\n", false},
	} {
		if good := mismatch(c.want, c.got) == ""; good != c.good {
			t.Errorf("%q against %q: %v", c.want, c.got, good)
		}
	}
}
