package scim

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	bulkURN     = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkDoneURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	// bulkID begins a reference to what another operation of the request makes (RFC 7644 §3.7.2).
	bulkID = "bulkId:"
)

// step is one operation of a bulk request.
type step struct {
	method, path, id string
	version          string
	data             object
	body             bool
	// needs are the bulkIds of the operations that must be done before.
	needs []string

	done   bool
	answer *answer
	err    error
}

// bulk does many operations, each in a transaction of its own (RFC 7644 §3.7). An operation that refers to another one by
// its bulkId is done after it, wherever it stands; operations that refer to each other cannot be done.
func (c *call) bulk() (*answer, error) {
	steps, most, err := readBulk(c.body)
	if err != nil {
		return nil, err
	}
	b := &batch{call: c, steps: steps, made: map[string]string{}, byID: map[string]*step{}}
	for _, s := range steps {
		if s.id != "" {
			if b.byID[s.id] != nil {
				return nil, wrong(invalidSyntax, "the bulkId %.80q is there twice", s.id)
			}
			b.byID[s.id] = s
		}
	}
	failures, results := 0, []any{}
	for _, s := range steps {
		if err := c.ctx.Err(); err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "the caller did not wait")
		}
		b.do(s, map[*step]bool{})
		if fault.Is(s.err, fault.Unauthenticated) || fault.Is(s.err, fault.Unavailable) {
			return nil, s.err // the rest would hear the same
		}
		results = append(results, b.result(s))
		if s.err != nil {
			if failures++; most > 0 && failures >= most {
				break
			}
		}
	}
	return &answer{status: http.StatusOK, body: object{"schemas": []string{bulkDoneURN}, "Operations": results}}, nil
}

// readBulk reads the body of a bulk request and after how many failures it ends; 0: never.
func readBulk(doc object) (steps []*step, failures int, err error) {
	given := members(doc)
	if err := isMessage(given, bulkURN); err != nil {
		return nil, 0, err
	}
	list, ok := given["operations"].([]any)
	if !ok {
		return nil, 0, wrong(invalidSyntax, "Operations is a list")
	}
	if len(list) > bulkMost {
		return nil, 0, fault.New(fault.TooLarge, "the size of the bulk operation exceeds the maxOperations (%d)", bulkMost)
	}
	if v := given["failonerrors"]; v != nil {
		n, ok := v.(float64)
		if !ok || n != float64(int(n)) || n < 0 {
			return nil, 0, wrong(invalidSyntax, "failOnErrors is a whole number")
		}
		failures = int(n)
	}
	for _, one := range list {
		operation, ok := one.(object)
		if !ok {
			return nil, 0, wrong(invalidSyntax, "an operation is an object with method and path")
		}
		steps = append(steps, readStep(members(operation)))
	}
	return steps, failures, nil
}

// readStep reads one operation. What is wrong with it fails this one only.
func readStep(given object) *step {
	s := &step{method: strings.ToUpper(text(given, "method")), path: text(given, "path"), id: text(given, "bulkid"), version: text(given, "version")}
	s.data, _ = given["data"].(object)
	switch s.method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if s.body = true; s.data == nil {
			s.err = wrong(invalidSyntax, "the operation has no data")
		}
	case http.MethodDelete:
	default:
		s.err = wrong(invalidSyntax, "the method of an operation is POST, PUT, PATCH or DELETE")
	}
	if s.method == http.MethodPost && s.id == "" {
		s.err = wrong(invalidSyntax, "an operation with POST has a bulkId")
	}
	s.needs = references(s.data, references(s.path, nil))
	return s
}

// references adds the bulkIds that a value refers to, each once.
func references(v any, found []string) []string {
	switch v := v.(type) {
	case string:
		for _, part := range strings.Split(v, bulkID)[1:] {
			if end := strings.IndexAny(part, `/"] `); end >= 0 {
				part = part[:end]
			}
			if part != "" && len(found) <= bulkMost && !slices.Contains(found, part) {
				found = append(found, part)
			}
		}
	case []any:
		for _, one := range v {
			found = references(one, found)
		}
	case object:
		for _, one := range v {
			found = references(one, found)
		}
	}
	return found
}

// batch is a bulk request while it is done.
type batch struct {
	*call
	steps []*step
	byID  map[string]*step
	made  map[string]string // ids of resources, by bulkId
}

// do does an operation after those that it refers to. under are the operations that wait for it.
func (b *batch) do(s *step, under map[*step]bool) {
	if s.done {
		return
	}
	under[s] = true
	defer delete(under, s)
	for _, id := range s.needs {
		other := b.byID[id]
		switch {
		case s.err != nil:
		case other == nil:
			s.err = wrong(invalidValue, "no operation has the bulkId %.80q", id)
		case under[other]:
			s.err = &refusal{error: fault.New(fault.Conflict, "the operation refers to itself by the bulkId %.80q", id)}
		default:
			if b.do(other, under); other.err != nil || b.made[id] == "" {
				s.err = wrong(invalidValue, "the operation with the bulkId %.80q has made nothing", id)
			}
		}
	}
	s.done = true
	if s.err == nil {
		s.answer, s.err = b.perform(s)
	}
}

// perform finds the route of an operation and does what it does.
func (b *batch) perform(s *step) (*answer, error) {
	path := b.known().Replace(s.path)
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	pattern := s.method + " /" + parts[0]
	c := *b.call
	if len(parts) == 2 {
		pattern += "/{id}"
		c.id = parts[1]
	}
	if len(parts) > 2 || s.method == http.MethodPost && len(parts) == 2 {
		return nil, fault.New(fault.NotFound, "there is nothing under this path")
	}
	for _, r := range b.door.routes() {
		if r.pattern != pattern || r.alone || !r.writes {
			continue
		}
		c.scope = rule.Of(s.method + " " + Base + strings.TrimPrefix(pattern, s.method+" ")).Permission
		c.body, _ = resolved(s.data, b.known()).(object)
		c.list, c.ifMatch, c.ifNoneMatch, c.fresh = listing{}, s.version, "", fresh{}
		if !c.actor().May(c.scope) && len(c.actor().Held()) == 0 {
			return nil, fault.New(fault.Denied, "this needs the scope %s", c.scope)
		}
		a, err := c.run(r)
		if err == nil && s.id != "" && s.method == http.MethodPost {
			b.made[s.id] = a.location[strings.LastIndexByte(a.location, '/')+1:]
		}
		return a, err
	}
	return nil, fault.New(fault.NotFound, "there is nothing under this path")
}

// known replaces references by the ids of what was made, in one pass, longer names before those that they begin with.
func (b *batch) known() *strings.Replacer {
	names := slices.SortedFunc(maps.Keys(b.made), func(x, y string) int { return cmp.Compare(len(y), len(x)) })
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, bulkID+name, b.made[name])
	}
	return strings.NewReplacer(pairs...)
}

// resolved returns a copy of a value in which references are replaced.
func resolved(v any, known *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return known.Replace(v)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = resolved(one, known)
		}
		return list
	case object:
		doc := make(object, len(v))
		for name, one := range v {
			doc[name] = resolved(one, known)
		}
		return doc
	}
	return v
}

// result is what the answer says of an operation.
func (b *batch) result(s *step) object {
	doc := object{"method": s.method}
	if s.id != "" {
		doc["bulkId"] = s.id
	}
	if s.err != nil {
		status, m := messageOf(s.err)
		doc["status"], doc["response"] = strconv.Itoa(status), m
		if s.method != http.MethodPost {
			doc["location"] = b.locationOf(s)
		}
		return doc
	}
	doc["status"] = strconv.Itoa(s.answer.status)
	if s.answer.version != "" {
		doc["version"] = s.answer.version
	}
	if doc["location"] = s.answer.location; s.answer.location == "" {
		doc["location"] = b.locationOf(s)
	}
	return doc
}

// locationOf is the address that an operation on an existing resource is about.
func (b *batch) locationOf(s *step) string {
	path := b.known().Replace(s.path)
	if _, id, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok {
		if _, err := uuid.Parse(id); err == nil {
			return b.base() + "/" + strings.TrimPrefix(path, "/")
		}
	}
	return fmt.Sprint(b.base(), "/", strings.TrimPrefix(b.cutPath(path), "/"))
}

func (b *batch) cutPath(path string) string { return path[:min(len(path), 200)] }
