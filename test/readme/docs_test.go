package readme

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/cli"
)

// pages returns every Markdown page of the repository with its text, by path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	eachFile(t, ".md", func(path string) {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	})
	if len(all) < 10 {
		t.Fatalf("only %d pages found", len(all))
	}
	return all
}

// eachFile calls fn for every file of the repository with that ending.
func eachFile(t *testing.T, ending string, fn func(path string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "data" || name == "out") {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, ending) {
			fn(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	for path, text := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(path), target)); err != nil {
				t.Errorf("%s: there is no %s", path, found[1])
			}
		}
	}
}

var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")

func TestDocumentsNameTestsThatExist(t *testing.T) {
	source := allSource(t)
	all := pages(t)
	delete(all, "CONTRIBUTING.md") // which makes up an example of a name
	for path, text := range all {
		for _, found := range testName.FindAllStringSubmatch(text, -1) {
			if !source.tests[found[1]] {
				t.Errorf("%s: there is no %s", path, found[1])
			}
		}
	}
}

// codeName is pkg.Name or pkg.Type.Member in backquotes, maybe with what it is called with.
var codeName = regexp.MustCompile("`([a-z]+)\\.([A-Za-z]+)(?:\\.([A-Z][A-Za-z]*))?(?:\\([^`]*\\))?`")

func TestDocumentsNameCodeThatExists(t *testing.T) {
	source := allSource(t)
	named := 0
	for path, text := range pages(t) {
		for _, found := range codeName.FindAllStringSubmatch(text, -1) {
			names, ours := source.names[found[1]]
			if !ours || strings.Contains("go md json", found[2]) { // foo.go is a file
				continue
			}
			named++
			if !names[found[2]] || found[3] != "" && !names[found[3]] {
				t.Errorf("%s: there is no %s", path, found[0])
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d names found: is the pattern right?", named)
	}
}

// source is what the code of this repository declares, names by package and tests, and what it imports.
type source struct {
	names          map[string]map[string]bool
	tests, imports map[string]bool
}

func allSource(t *testing.T) source {
	t.Helper()
	s := source{map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}}
	eachFile(t, ".go", func(path string) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			s.imports[strings.Trim(i.Path.Value, `"`)] = true
		}
		name := strings.TrimSuffix(file.Name.Name, "_test")
		if s.names[name] == nil {
			s.names[name] = map[string]bool{}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				s.names[name][n.Name.Name] = true
				if n.Recv == nil && strings.HasSuffix(path, "_test.go") {
					s.tests[n.Name.Name] = true
				}
				return false
			case *ast.TypeSpec:
				s.names[name][n.Name.Name] = true
			case *ast.ValueSpec:
				for _, id := range n.Names {
					s.names[name][id.Name] = true
				}
			case *ast.Field:
				for _, id := range n.Names {
					s.names[name][id.Name] = true
				}
			}
			return true
		})
	})
	return s
}

func TestEveryDependencyHasADecision(t *testing.T) {
	decisions := ""
	for path, text := range pages(t) {
		if strings.HasPrefix(path, "docs/decisions/") {
			decisions += text
		}
	}
	for path := range allSource(t).imports {
		module := path // or any folder above it
		for module != "." && !strings.Contains(decisions, "`"+module+"`") {
			module = filepath.Dir(module)
		}
		// The standard library has no dot in its first element, and our own packages need no decision.
		if first, _, _ := strings.Cut(path, "/"); module == "." && strings.Contains(first, ".") && !strings.HasPrefix(path, "github.com/counterfoil/") {
			t.Errorf("docs/decisions has no page about %s", path)
		}
	}
}

// counterfoil runs a command that needs no server and returns what it prints.
func counterfoil(t *testing.T, arguments ...string) string {
	t.Helper()
	var out bytes.Buffer
	code := cli.Run(context.Background(), cli.Surroundings{
		In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }, Now: time.Now,
	}, arguments)
	if code != 0 {
		t.Fatalf("counterfoil %s: %d %s", strings.Join(arguments, " "), code, &out)
	}
	return out.String()
}

func TestCommandLinePageHasEveryCommandAndExitCode(t *testing.T) {
	page := pages(t)["docs/cli.md"]
	for _, command := range leaves(t) {
		if command != "help" && !strings.Contains(page, "`"+command+"`") {
			t.Errorf("docs/cli.md lacks %s", command)
		}
	}
	codes := regexp.MustCompile(`(?m)^ +(\d+) +(.+)$`).FindAllStringSubmatch(counterfoil(t, "help", "exit-codes"), -1)
	if len(codes) < 8 {
		t.Fatalf("exit codes not understood: %v", codes)
	}
	for _, code := range codes {
		if !strings.Contains(page, "| "+code[1]+" | "+code[2]+" |") {
			t.Errorf("docs/cli.md lacks exit code %s: %s", code[1], code[2])
		}
	}
}

var listed = regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}`)

// leaves returns every command that does something, such as "app secret add".
func leaves(t *testing.T, above ...string) (all []string) {
	t.Helper()
	help := counterfoil(t, append(above, "--help")...)
	_, rest, isGroup := strings.Cut(help, "Available Commands:\n")
	if !isGroup {
		return []string{strings.Join(above, " ")}
	}
	list, _, _ := strings.Cut(rest, "\n\n")
	for _, found := range listed.FindAllStringSubmatch(list, -1) {
		all = append(all, leaves(t, append(append([]string{}, above...), found[1])...)...)
	}
	return all
}
