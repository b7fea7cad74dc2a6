package handbook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// referencePath is where the reference of the management API stands below /docs/.
const referencePath = "api/"

// document is what the reference wants to know of an OpenAPI document (3.1).
type document struct {
	Info       struct{ Description string }
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

type operation struct {
	OperationID          string
	Summary, Description string
	Tags                 []string
	Parameters           []parameter
	Security             []map[string][]string
	RequestBody          *struct {
		Content map[string]struct{ Schema *schema }
	}
	Responses map[string]struct {
		Headers map[string]struct{ Schema *schema }
		Content map[string]struct{ Schema *schema }
	}
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                *schema
}

// reference is the document, by topics.
type reference struct {
	Description string
	topics      []*topic
}

// topic is a page of the reference: the operations under one tag.
type topic struct {
	Title, Path string
	Operations  []described
}

// described is an operation as its page shows it. Both are tables' rows.
type described struct {
	ID, Method, Path, Summary, Description string
	Scope, Else                            string // the scope that it needs; or what lets in instead
	Parameters, Body                       []member
	Answers                                []answer
	Refusals                               []string
	Example                                string
}

// answer is one that means success.
type answer struct {
	Status, Kind string
	Headers      []member
	Members      []member
}

// member is one name in a request or an answer.
type member struct {
	Name, Place, Type, Description string
	Required                       bool
	Must                           string // a word for Required
}

// called gives those members a word that are required.
func called(all []member, word string) []member {
	for i := range all {
		if all[i].Required {
			all[i].Must = word
		}
	}
	return all
}

// prefix is where the API stands in every environment, and its server in the document.
const prefix = "/api/v1"

// order is that of methods on one path.
var order = []string{"get", "post", "put", "patch", "delete"}

func newReference(text []byte) (*reference, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the description of the API: %w", err)
	}
	r := &reference{Description: d.Info.Description}
	topics := map[string]*topic{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.SortedFunc(maps.Keys(d.Paths[path]), byOrder) {
			o := d.Paths[path][method]
			tag := "other"
			if len(o.Tags) > 0 {
				tag = o.Tags[0]
			}
			if topics[tag] == nil {
				topics[tag] = &topic{Title: title(tag), Path: referencePath + tag}
			}
			topics[tag].Operations = append(topics[tag].Operations, d.describe(path, method, &o))
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(topics)) {
		r.topics = append(r.topics, topics[tag])
	}
	return r, nil
}

func byOrder(a, b string) int { return cmp.Compare(slices.Index(order, a), slices.Index(order, b)) }

// title makes a heading of a tag.
func title(tag string) string {
	if tag == "apis" {
		return "APIs"
	}
	words := strings.ReplaceAll(tag, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

func (d *document) describe(path, method string, o *operation) described {
	s := described{
		ID: o.OperationID, Method: strings.ToUpper(method), Path: prefix + path, Summary: o.Summary, Description: o.Description,
	}
	s.Scope, s.Else = authority(o.Security)
	for _, said := range []string{"Needs the scope " + s.Scope + ".", "Needs one of the scopes " + strings.TrimPrefix(s.Else, oneScopeOf) + "."} {
		s.Description = strings.TrimSpace(strings.TrimPrefix(s.Description, said))
	}
	for _, p := range o.Parameters {
		m := d.member(p.Name, p.Schema, p.Required)
		m.Place, m.Description = p.In, cmp.Or(p.Description, m.Description)
		s.Parameters = append(s.Parameters, m)
	}
	called(s.Parameters, "required")
	if o.RequestBody != nil {
		for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
			s.Body = append(s.Body, called(d.members(o.RequestBody.Content[kind].Schema, "", nil), "required")...)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(o.Responses)) {
		status, _ := strconv.Atoi(code) // what is no number is shown as it is
		words := strings.TrimSpace(code + " " + http.StatusText(status))
		if status >= http.StatusBadRequest {
			s.Refusals = append(s.Refusals, words)
			continue
		}
		a := answer{Status: words}
		for _, name := range slices.Sorted(maps.Keys(o.Responses[code].Headers)) {
			a.Headers = append(a.Headers, d.member(name, o.Responses[code].Headers[name].Schema, false))
		}
		for _, kind := range slices.Sorted(maps.Keys(o.Responses[code].Content)) {
			a.Kind = strings.TrimPrefix(a.Kind+" or "+kind, " or ")
			a.Members = append(a.Members, called(d.members(o.Responses[code].Content[kind].Schema, "", nil), "always")...)
		}
		s.Answers = append(s.Answers, a)
	}
	s.Example = d.example(&s, o)
	return s
}

// oneScopeOf begins the words for an operation that several scopes open, each by itself.
const oneScopeOf = "an access token with one of the scopes "

// authority returns the scope that an operation needs, and in words what else lets a caller in.
func authority(schemes []map[string][]string) (scope, words string) {
	var all, scoped []string
	for _, scheme := range schemes {
		for name, scopes := range scheme {
			switch {
			case len(scopes) > 0:
				scoped = append(scoped, scopes[0])
			case name == "basic":
				all = append(all, "the client_id and secret of the application itself")
			case name == "session":
				all = append(all, "the session of a person who is signed in")
			default:
				all = append(all, "any access token of the environment")
			}
		}
	}
	if len(scoped) == 1 {
		scope = scoped[0]
	} else if len(scoped) > 1 {
		all = append(all, oneScopeOf+strings.Join(scoped, ", "))
	}
	slices.Sort(all)
	return scope, strings.Join(all, ", or ")
}

// put makes the pages of the reference and keeps them.
func (r *reference) put(s *shelf) error {
	make := func(name, path, title string, data any) error {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, name, data); err != nil {
			return fmt.Errorf("make %s: %w", path, err)
		}
		return s.page(path, title, nil, template.HTML(b.String())) // #nosec G203 -- made by a template
	}
	err := make("reference", referencePath, "The management API", struct {
		Description string
		Topics      []*topic
	}{r.Description, r.topics})
	if err != nil {
		return err
	}
	for _, t := range r.topics {
		if err := make("topic", t.Path, t.Title, t); err != nil {
			return err
		}
	}
	return nil
}
