package provider

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/counterfoil/counterfoil/internal/fault"
)

var (
	//go:embed catalogue/*.yaml
	ours embed.FS
	//go:embed provider.schema.json
	schemaText []byte
)

const (
	// maxFile bounds a provider's file, maxFiles how many an operator's folder may hold.
	maxFile  = 64 << 10
	maxFiles = 2000
)

var fileName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}\.yaml$`)

// Catalogue is what providers are known. It is safe for concurrent use.
type Catalogue struct {
	folder string
	schema *jsonschema.Schema
	known  atomic.Pointer[known]
	mu     sync.Mutex // one Reload at a time
}

// known is one state of the catalogue.
type known struct {
	byName   map[string]*Provider
	sorted   []*Provider
	digest   [sha256.Size]byte // of all files that were read, good or bad
	findings []string
}

// Open reads the catalogue: our providers, and those of the operator's folder, unless it is empty, which take the place of
// ours where they have the same name. A file that is no provider is [fault.Invalid] and says which and why.
func Open(folder string) (*Catalogue, error) {
	schema, err := compile()
	if err != nil {
		return nil, err
	}
	c := &Catalogue{folder: folder, schema: schema}
	_, err = c.Reload()
	return c, err
}

func compile() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("provider.schema.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("provider.schema.json")
}

// Get returns the provider called name, or nil.
func (c *Catalogue) Get(name string) *Provider { return c.known.Load().byName[name] }

// List returns every provider by name.
func (c *Catalogue) List() []*Provider { return c.known.Load().sorted }

// Findings returns what is wrong with files of the operator's folder, one sentence for each, since the last [Catalogue.Reload].
func (c *Catalogue) Findings() []string { return slices.Clone(c.known.Load().findings) }

// Reload reads the catalogue again and reports whether a provider changed. A file that fails leaves the provider of its name
// as it was, while the others change; the error names every file that failed, once for each state of the folder, so
// that a job can log it. A folder that cannot be read leaves everything.
func (c *Catalogue) Reload() (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts, err := c.texts()
	if err != nil {
		return false, err
	}
	before, sum := c.known.Load(), digest(texts)
	if before != nil && before.digest == sum {
		return false, nil
	}
	next := &known{byName: map[string]*Provider{}, digest: sum}
	for name, text := range texts {
		p := c.unchanged(name, text)
		if p == nil {
			if p, err = c.Parse(name, text); err != nil {
				next.findings = append(next.findings, fmt.Sprintf("%s.yaml: %v", name, err))
				if before == nil || before.byName[name] == nil {
					continue
				}
				p = before.byName[name]
			}
		}
		next.byName[name], next.sorted = p, append(next.sorted, p)
	}
	slices.Sort(next.findings)
	if len(next.findings) > 0 {
		err = fault.New(fault.Invalid, "providers: %s", strings.Join(next.findings, "; "))
		if before == nil { // at the start nothing is left out
			return false, err
		}
	} else {
		err = nil
	}
	slices.SortFunc(next.sorted, func(a, b *Provider) int { return strings.Compare(a.Name, b.Name) })
	c.known.Store(next)
	return before == nil || !maps.Equal(before.byName, next.byName), err
}

// unchanged returns the provider that was read from the same text before.
func (c *Catalogue) unchanged(name string, text []byte) *Provider {
	if before := c.known.Load(); before != nil {
		if p := before.byName[name]; p != nil && p.digest == sha256.Sum256(text) {
			return p
		}
	}
	return nil
}

// texts returns the files by the names of their providers, the operator's before ours.
func (c *Catalogue) texts() (map[string][]byte, error) {
	texts, err := read(ours, "catalogue")
	if err != nil || c.folder == "" {
		return texts, err
	}
	theirs, err := read(os.DirFS(c.folder), ".")
	maps.Copy(texts, theirs)
	return texts, err
}

func digest(texts map[string][]byte) (sum [sha256.Size]byte) {
	text, _ := json.Marshal(texts) // maps are written in the order of their keys
	return sha256.Sum256(text)
}

// read returns the texts of the providers' files in a folder by the providers' names.
func read(from fs.FS, folder string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(from, folder)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the folder of providers cannot be read")
	}
	texts := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" {
			continue
		}
		if !fileName.MatchString(e.Name()) {
			return nil, fault.New(fault.Invalid, "%q is no name for a provider's file: lowercase letters, digits and hyphens, then .yaml", e.Name())
		}
		if len(texts) == maxFiles {
			return nil, fault.New(fault.Invalid, "the folder of providers holds more than %d files", maxFiles)
		}
		text, err := readFile(from, path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		texts[strings.TrimSuffix(e.Name(), ".yaml")] = text
	}
	return texts, nil
}

func readFile(from fs.FS, name string) ([]byte, error) {
	file, err := from.Open(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s cannot be read", name)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, err, "%s cannot be read", name)
	case len(text) > maxFile:
		return nil, fault.New(fault.Invalid, "%s is longer than %d bytes", name, maxFile)
	}
	return text, nil
}

// Parse reads one provider's file: strictly, so that a key that is misspelt is not passed over.
func (c *Catalogue) Parse(name string, text []byte) (*Provider, error) {
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "this is no YAML: %s", oneLine(err))
	}
	if err := c.schema.Validate(plain(document)); err != nil {
		if v := (*jsonschema.ValidationError)(nil); errors.As(err, &v) {
			return nil, fault.New(fault.Invalid, "%s", explain(v))
		}
		return nil, fault.Wrap(fault.Invalid, err, "this is not what the schema describes")
	}
	p := &Provider{Name: name, digest: sha256.Sum256(text)}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(p); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s", oneLine(err))
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	return p, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// plain turns what YAML reads into what JSON reads, as the validator wants it.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case int:
		return json.Number(fmt.Sprint(v))
	case map[any]any:
		return fmt.Sprint(v) // no member of ours is anything but a string
	}
	return v
}

// explain returns the innermost complaint of a validation, with its place.
func explain(v *jsonschema.ValidationError) string {
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	return oneLine(v)
}
