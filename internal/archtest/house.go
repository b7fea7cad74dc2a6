package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// pack is one package: the Go files of one folder.
type pack struct {
	path  string // of the folder, from the module's root; "" is the root itself
	files []*file
}

// file is what the law wants to know of one Go file.
type file struct {
	path       string
	name       string // of its package
	test       bool
	generated  bool
	documented bool // it has the package's doc comment
	lines      int
	imports    []imported
	functions  []function
	text       []byte
}

type imported struct {
	path string
	line int
}

type function struct {
	name        string
	line, lines int
}

// foreign are folders whose files are not this house's, besides those that the go tool leaves out ("." and "_").
var foreign = []string{"node_modules", "testdata", "bin", "data"}

// read returns every package of the module in root, by path.
func read(root fs.FS) ([]*pack, error) {
	packs := map[string]*pack{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != "." && (strings.ContainsRune("._", rune(base[0])) || slices.Contains(foreign, base)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := readFile(root, name)
		if err != nil {
			return err
		}
		folder := strings.TrimSuffix(path.Dir(name), ".")
		if packs[folder] == nil {
			packs[folder] = &pack{path: folder}
		}
		packs[folder].files = append(packs[folder].files, f)
		return nil
	})
	var all []*pack
	for _, p := range packs {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pack) int { return strings.Compare(a.path, b.path) })
	return all, err
}

func readFile(root fs.FS, name string) (*file, error) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	line := func(at token.Pos) int { return set.Position(at).Line }
	f := &file{
		path: name, name: tree.Name.Name, test: strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(tree), documented: tree.Doc != nil,
		lines: bytes.Count(text, []byte("\n")), text: text,
	}
	for _, i := range tree.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		f.imports = append(f.imports, imported{path, line(i.Pos())})
	}
	for _, d := range tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			f.functions = append(f.functions, function{fn.Name.Name, line(fn.Pos()), line(fn.End()) - line(fn.Pos()) + 1})
		}
	}
	return f, nil
}
