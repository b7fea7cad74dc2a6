package patch_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/scim/patch"
)

const (
	user       = "urn:ietf:params:scim:schemas:core:2.0:User"
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

type attributes map[string]filter.Attribute

func (a attributes) Lookup(path string) (filter.Attribute, bool) {
	path = strings.ToLower(path)
	if base := strings.ToLower(user) + ":"; strings.HasPrefix(path, base) {
		path = path[len(base):]
	}
	found, ok := a[path]
	return found, ok
}

// add makes an attribute known: its name, and words for its characteristics.
func (a attributes) add(urn, definition string) {
	words := strings.Fields(definition)
	f := filter.Attribute{Path: words[0], Steps: strings.Split(words[0], "."), Type: "string", Mutability: "readWrite"}
	if urn != "" {
		f.Path, f.Steps = urn+":"+f.Path, append([]string{urn}, f.Steps...)
	}
	for _, w := range words[1:] {
		switch w {
		case "many":
			f.Multi = true
		case "exact":
			f.CaseExact = true
		case "required":
			f.Required = true
		case "readOnly", "immutable", "writeOnly":
			f.Mutability = w
		default:
			f.Type = w
		}
	}
	a[strings.ToLower(f.Path)] = f
}

var known = func() attributes {
	a := attributes{}
	for _, d := range []string{
		"id readOnly exact", "schemas many exact", "userName required", "displayName", "title", "nickName immutable", "active boolean", "password writeOnly",
		"name complex", "name.givenName", "name.familyName", "name.formatted readOnly", "tags many", "groups complex many readOnly", "groups.value readOnly",
		"emails complex many", "emails.value", "emails.type", "emails.primary boolean", "emails.display",
		"addresses complex many", "addresses.type", "addresses.locality", "addresses.primary boolean",
		"members complex many", "members.value immutable exact", "members.type immutable", "members.display readOnly", "roles complex many", "roles.value exact",
	} {
		a.add("", d)
	}
	for _, d := range []string{"department", "employeeNumber", "manager complex", "manager.value exact", "manager.displayName readOnly", "costCenter immutable"} {
		a.add(enterprise, d)
	}
	a[strings.ToLower(enterprise)] = filter.Attribute{Path: enterprise, Steps: []string{enterprise}, Type: "complex", Mutability: "readWrite"}
	return a
}()

const ann = `{"id":"1","userName":"ann","displayName":"Ann","active":true,"nickName":"A","name":{"givenName":"Ann","familyName":"Smith"},
"tags":["red","blue"],
"emails":[{"value":"a@work.example","type":"work","primary":true},{"value":"a@home.example","type":"home"}],
"` + enterprise + `":{"department":"Sales","manager":{"value":"m1","displayName":"Bo"},"costCenter":"7"}}`

func decode(t *testing.T, text string) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func body(operations string) []byte {
	return []byte(`{"schemas":["` + patch.URN + `"],"Operations":[` + operations + `]}`)
}

// apply returns what operations make of Ann.
func apply(t *testing.T, operations string) (map[string]any, error) {
	t.Helper()
	ops, err := patch.Parse(body(operations), known)
	if err != nil {
		return nil, err
	}
	document := decode(t, ann)
	after, err := patch.Apply(document, ops, known)
	if !reflect.DeepEqual(document, decode(t, ann)) {
		t.Errorf("%s changes the document that it was given", operations)
	}
	return after, err
}

func TestOperationsDoWhatTheySay(t *testing.T) {
	for name, c := range map[string]struct{ operations, want string }{
		"replaces, in whatever case": {`{"OP":"Replace","Path":"USERNAME","Value":"bo"}`, `{"userName":"bo"}`},
		"value without path":         {`{"op":"Replace","value":{"displayName":"B","active":"False"}}`, `{"displayName":"B","active":false}`},
		"dotted and URN keys": {`{"op":"Replace","value":{"name.givenName":"x","` + enterprise + `:department":"y","` + enterprise + `:manager.value":"m2"}}`,
			`{"name":{"givenName":"x","familyName":"Smith"},"` + enterprise + `":{"department":"y","manager":{"value":"m2","displayName":"Bo"},"costCenter":"7"}}`},
		"an extension as a key": {`{"op":"add","value":{"` + strings.ToUpper(enterprise) + `":{"department":"y","manager":"m3","employeeNumber":"9"}}}`,
			`{"` + enterprise + `":{"department":"y","employeeNumber":"9","manager":{"value":"m3","displayName":"Bo"},"costCenter":"7"}}`},
		"the schema itself as a key": {`{"op":"replace","value":{"` + user + `":{"title":"Dr","name.familyName":"X"}}}`,
			`{"title":"Dr","name":{"givenName":"Ann","familyName":"X"}}`},
		"an extension as a path": {`{"op":"replace","path":"` + enterprise + `","value":{"department":"z"}}`,
			`{"` + enterprise + `":{"department":"z","manager":{"value":"m1","displayName":"Bo"},"costCenter":"7"}}`},
		"a manager by its id":          {`{"op":"add","path":"` + enterprise + `:manager","value":"m9"}`, `{"` + enterprise + `":{"department":"Sales","manager":{"value":"m9","displayName":"Bo"},"costCenter":"7"}}`},
		"no manager":                   {`{"op":"replace","path":"` + enterprise + `:manager","value":""}`, `{"` + enterprise + `":{"department":"Sales","costCenter":"7"}}`},
		"an extension goes":            {`{"op":"remove","path":"` + enterprise + `"}`, `{"` + enterprise + `":null}`},
		"complex values are merged":    {`{"op":"replace","path":"name","value":{"GIVENNAME":"B"}}`, `{"name":{"givenName":"B","familyName":"Smith"}}`},
		"null removes":                 {`{"op":"replace","value":{"displayName":null,"name":{"givenName":null}}}`, `{"displayName":null,"name":{"familyName":"Smith"}}`},
		"adding null does nothing":     {`{"op":"add","path":"displayName","value":null},{"op":"add","path":"name.givenName","value":null}`, `{}`},
		"removes":                      {`{"op":"remove","path":"displayName"},{"op":"remove","path":"name.familyName"},{"op":"remove","path":"title"}`, `{"displayName":null,"name":{"givenName":"Ann"}}`},
		"value in a list of one":       {`{"op":"replace","path":"displayName","value":[{"$ref":null,"value":"New"}]}`, `{"displayName":"New"}`},
		"the same immutable value":     {`{"op":"replace","path":"nickName","value":"a"}`, `{"nickName":"a"}`},
		"read-only is passed over":     {`{"op":"replace","value":{"id":"2","groups":[{"value":"g"}],"name":{"formatted":"x"},"title":"T"}}`, `{"title":"T"}`},
		"appends":                      {`{"op":"add","path":"tags","value":["RED","green"]}`, `{"tags":["red","blue","green"]}`},
		"appends one":                  {`{"op":"add","path":"tags","value":"green"}`, `{"tags":["red","blue","green"]}`},
		"removes one simple value":     {`{"op":"remove","path":"tags[value eq \"RED\"]"}`, `{"tags":["blue"]}`},
		"replaces one simple value":    {`{"op":"replace","path":"tags[value eq \"red\"]","value":"pink"}`, `{"tags":["pink","blue"]}`},
		"removes the last simple ones": {`{"op":"remove","path":"tags","value":["red","blue"]}`, `{"tags":null}`},
		"removing no value":            {`{"op":"remove","path":"tags","value":[]},{"op":"remove","path":"emails","value":[{}]},{"op":"remove","path":"emails","value":{"value":null}}`, `{}`},
		"a primary takes over": {`{"op":"add","path":"emails","value":{"value":"n@x.example","primary":"True"}}`,
			`{"emails":[{"value":"a@work.example","type":"work","primary":false},{"value":"a@home.example","type":"home"},{"value":"n@x.example","primary":true}]}`},
		"a primary by brackets": {`{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`,
			`{"emails":[{"value":"a@work.example","type":"work","primary":false},{"value":"a@home.example","type":"home","primary":true}]}`},
		"what is there is completed": {`{"op":"add","path":"emails","value":[{"value":"A@HOME.example","type":"HOME","display":"D"}]}`,
			`{"emails":[{"value":"a@work.example","type":"work","primary":true},{"value":"A@HOME.example","type":"HOME","display":"D"}]}`},
		"sets by brackets": {`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b@work.example"}`,
			`{"emails":[{"value":"b@work.example","type":"work","primary":true},{"value":"a@home.example","type":"home"}]}`},
		"makes what brackets describe": {`{"op":"Add","path":"emails[type eq \"other\"].value","value":"o@x.example"},{"op":"replace","path":"addresses[type eq \"work\" and primary eq true].locality","value":"Bern"}`,
			`{"emails":[{"value":"a@work.example","type":"work","primary":true},{"value":"a@home.example","type":"home"},{"value":"o@x.example","type":"other"}],"addresses":[{"type":"work","primary":true,"locality":"Bern"}]}`},
		"one after the other": {`{"op":"add","path":"emails[type eq \"other\"].value","value":"o@x.example"},{"op":"replace","path":"emails[type eq \"other\"].display","value":"O"},{"op":"remove","path":"emails[value ew \"work.example\" or value ew \"home.example\"]"}`,
			`{"emails":[{"value":"o@x.example","type":"other","display":"O"}]}`},
		"a bracket key without path": {`{"op":"replace","value":{"emails[type eq \"home\"].value":"h@x.example"}}`,
			`{"emails":[{"value":"a@work.example","type":"work","primary":true},{"value":"h@x.example","type":"home"}]}`},
		"replaces a value as a whole": {`{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"w@x.example"}}`,
			`{"emails":[{"value":"w@x.example"},{"value":"a@home.example","type":"home"}]}`},
		"writes into a value": {`{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"W"}}`,
			`{"emails":[{"value":"a@work.example","type":"work","primary":true,"display":"W"},{"value":"a@home.example","type":"home"}]}`},
		"a removed address is gone": {`{"op":"remove","path":"emails[type eq \"work\"].value"}`, `{"emails":[{"value":"a@home.example","type":"home"}]}`},
		"of all values":             {`{"op":"remove","path":"emails.type"}`, `{"emails":[{"value":"a@work.example","primary":true},{"value":"a@home.example"}]}`},
		"removes values by name":    {`{"op":"Remove","path":"emails","value":[{"value":"A@work.example","display":"whatever"}]}`, `{"emails":[{"value":"a@home.example","type":"home"}]}`},
		"removes with null":         {`{"op":"remove","path":"emails[value eq \"a@work.example\"]","value":null}`, `{"emails":[{"value":"a@home.example","type":"home"}]}`},
		"replaces all":              {`{"op":"replace","path":"emails","value":[{"value":"n@x.example","display":null}]}`, `{"emails":[{"value":"n@x.example"}]}`},
		"replaces all by none":      {`{"op":"replace","path":"emails","value":[]}`, `{"emails":null}`},
		"a password":                {`{"op":"replace","path":"password","value":"new"}`, `{"password":"new"}`},
		"a member goes":             {`{"op":"add","path":"members","value":[{"value":"x"},{"value":"y","display":"Y"}]},{"op":"remove","path":"members[value eq \"x\"]"}`, `{"members":[{"value":"y"}]}`},
		"nothing":                   {``, `{}`},
	} {
		want := decode(t, ann)
		for key, value := range decode(t, c.want) {
			if want[key] = value; value == nil {
				delete(want, key)
			}
		}
		got, err := apply(t, c.operations)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestOperationsThatCannotBeDoneSayWhy(t *testing.T) {
	for operations, want := range map[string]string{
		`7`: patch.InvalidSyntax,
		`{"op":"move","path":"title","value":"x"}`:                                            patch.InvalidSyntax,
		`{"path":"title","value":"x"}`:                                                        patch.InvalidSyntax,
		`{"op":"add","path":"title"}`:                                                         patch.InvalidValue,
		`{"op":"add","path":7,"value":1}`:                                                     patch.InvalidPath,
		`{"op":"add","value":"x"}`:                                                            patch.InvalidValue,
		`{"op":"add","value":[{"title":"x"}]}`:                                                patch.InvalidValue,
		`{"op":"remove"}`:                                                                     patch.NoTarget,
		`{"op":"add","path":"ti tle","value":"x"}`:                                            patch.InvalidPath,
		`{"op":"add","path":"nothing","value":"x"}`:                                           patch.InvalidPath,
		`{"op":"add","value":{"nothing":"x"}}`:                                                patch.InvalidPath,
		`{"op":"add","value":{"urn:other:2.0:User":{"title":"x"}}}`:                           patch.InvalidPath,
		`{"op":"add","path":"urn:other:2.0:User:title","value":"x"}`:                          patch.InvalidPath,
		`{"op":"remove","path":"emails[type eq work]"}`:                                       patch.InvalidFilter,
		`{"op":"remove","path":"emails[type eq \"none\"]"}`:                                   patch.NoTarget,
		`{"op":"replace","path":"emails[type eq \"none\"]","value":{"value":"x"}}`:            patch.NoTarget,
		`{"op":"replace","path":"emails[type sw \"none\"].value","value":"x"}`:                patch.NoTarget,
		`{"op":"replace","path":"emails[type eq \"a\" and type eq \"b\"].value","value":"x"}`: patch.NoTarget,
		`{"op":"replace","path":"id","value":"2"}`:                                            patch.Mutability,
		`{"op":"remove","path":"groups"}`:                                                     patch.Mutability,
		`{"op":"add","path":"groups[value eq \"g\"]","value":{"value":"h"}}`:                  patch.Mutability,
		`{"op":"replace","path":"name.formatted","value":"x"}`:                                patch.Mutability,
		`{"op":"replace","path":"nickName","value":"B"}`:                                      patch.Mutability,
		`{"op":"remove","path":"nickName"}`:                                                   patch.Mutability,
		`{"op":"replace","value":{"` + enterprise + `:costCenter":"8"}}`:                      patch.Mutability,
		`{"op":"remove","path":"userName"}`:                                                   patch.Mutability,
		`{"op":"replace","path":"userName","value":null}`:                                     patch.Mutability,
		`{"op":"add","path":"members","value":{"value":"x"}},{"op":"replace","path":"members[value eq \"x\"].value","value":"y"}`:                                                             patch.Mutability,
		`{"op":"add","path":"members","value":{"value":"x"}},{"op":"replace","path":"members","value":{"value":"x"}},{"op":"replace","path":"members[value eq \"x\"]","value":{"value":"y"}}`: patch.Mutability,
		`{"op":"add","path":"name[givenName eq \"Ann\"]","value":{"familyName":"x"}}`:                                                                                                         patch.InvalidPath,
		`{"op":"add","path":"name","value":"x"}`:                                       patch.InvalidValue,
		`{"op":"add","path":"name","value":{"nothing":"x"}}`:                           patch.InvalidValue,
		`{"op":"add","path":"title","value":{"a":"x"}}`:                                patch.InvalidValue,
		`{"op":"add","path":"title","value":["a","b"]}`:                                patch.InvalidValue,
		`{"op":"add","path":"emails","value":[["a"]]}`:                                 patch.InvalidValue,
		`{"op":"add","path":"title","value":"x"},{"op":"add","path":"id","value":"y"}`: patch.Mutability, // and no title
	} {
		after, err := apply(t, operations)
		e, ok := errors.AsType[*patch.Error](err)
		if !ok || e.Type != want || after != nil || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v is not %s", operations, err, want)
		}
	}
}

func TestBodiesThatAreNoPatchAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":        `{`,
		"a list":         `[]`,
		"no schema":      `{"Operations":[]}`,
		"another schema": `{"schemas":["` + user + `"],"Operations":[]}`,
		"no operations":  `{"schemas":["` + patch.URN + `"]}`,
		"a member twice": `{"schemas":["` + patch.URN + `"],"Operations":[],"Operations":[]}`,
	} {
		_, err := patch.Parse([]byte(text), known)
		if e, ok := errors.AsType[*patch.Error](err); !ok || e.Type != patch.InvalidSyntax {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := `{"op":"add","path":"title","value":"x"}`
	if _, err := patch.Parse(body(strings.Repeat(one+",", 1000)+one), known); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

func TestBodyFullOfValuesIsRefusedAtOnce(t *testing.T) {
	var many strings.Builder
	for i := range 20_000 {
		many.WriteString(`{"value":"a` + strconv.Itoa(i) + `"},`)
	}
	list := strings.TrimSuffix(many.String(), ",")
	start := time.Now()
	for _, operations := range []string{
		`{"op":"add","path":"emails","value":[` + list + `]}`, `{"op":"replace","path":"emails","value":[` + list + `]}`, `{"op":"replace","value":{"emails":[` + list + `]}}`,
		`{"op":"remove","path":"emails","value":[` + list + `]}`,
	} {
		_, err := apply(t, operations)
		if e, ok := errors.AsType[*patch.Error](err); !ok || e.Type != patch.InvalidValue || !strings.Contains(e.Detail, "at most 200") {
			t.Error(err)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Error("refusing takes", took)
	}
	ops, err := patch.Parse(body(`{"op":"add","path":"members","value":[`+list+`]}`), known)
	if err != nil {
		t.Fatal(err)
	}
	if _, changes, err := patch.Split(ops, "members"); err != nil || len(changes) != 1 || len(changes[0].Members) != 20_000 {
		t.Error("members are no values of a document", err)
	}
}

func TestWhoeverSpellsAnAttributeDifferentlyTouchesIt(t *testing.T) {
	for _, operations := range []string{
		`{"op":"add","path":"PASSWORD","value":"x"}`, `{"op":"replace","path":"` + user + `:password","value":"x"}`, `{"op":"remove","path":"password"}`,
		`{"op":"replace","value":{"title":"x","passWord":"x"}}`, `{"op":"replace","value":{"` + strings.ToUpper(user) + `":{"password":"x"}}}`,
		`{"op":"replace","value":{"` + user + `:password":"x"}}`, `{"op":"add","path":"title","value":"x"},{"op":"add","value":{"password":null}}`,
	} {
		ops, err := patch.Parse(body(operations), known)
		if err != nil || !patch.Touches(ops, "password") || patch.Touches(ops, "roles") {
			t.Errorf("%s: %v", operations, err)
		}
	}
	ops, err := patch.Parse(body(`{"op":"remove","path":"roles[value eq \"admin\"]"},{"op":"add","path":"displayName","value":"password"}`), known)
	if err != nil || !patch.Touches(ops, "roles") || patch.Touches(ops, "password") {
		t.Error(err)
	}
}

func TestMembersAreTakenApart(t *testing.T) {
	where := func(text string) string {
		p, err := filter.ParsePath(text, known)
		if err != nil {
			t.Fatal(err)
		}
		return p.String()
	}
	for operations, want := range map[string][]patch.Change{
		`{"op":"Add","path":"members","value":[{"value":"a","$ref":null},{"value":"b","type":"group"}]}`:    {{Kind: patch.Add, Members: []patch.Member{{Value: "a"}, {Value: "b", Type: "Group"}}}},
		`{"op":"add","path":"MEMBERS","value":"a"}`:                                                         {{Kind: patch.Add, Members: []patch.Member{{Value: "a"}}}},
		`{"op":"add","value":{"members":[{"$ref":"https://x.example/scim/v2/Users/a"}],"displayName":"G"}}`: {{Kind: patch.Add, Members: []patch.Member{{Value: "a", Type: "User"}}}},
		`{"op":"remove","path":"members[value eq \"a\"]","value":null}`:                                     {{Kind: patch.Remove, Members: []patch.Member{{Value: "a"}}}},
		`{"op":"remove","path":"members[value eq \"a\" or value eq \"b\"]"}`:                                {{Kind: patch.Remove, Members: []patch.Member{{Value: "a"}, {Value: "b"}}}},
		`{"op":"remove","path":"members","value":[{"value":"a"}]}`:                                          {{Kind: patch.Remove, Members: []patch.Member{{Value: "a"}}}},
		`{"op":"remove","path":"members","value":[]}`:                                                       nil,
		`{"op":"remove","path":"members"}`:                                                                  {{Kind: patch.Remove, All: true}},
		`{"op":"replace","path":"members","value":[]}`:                                                      {{Kind: patch.Replace}},
		`{"op":"replace","path":"members","value":[{"value":"a"}]},{"op":"add","path":"members","value":{"value":"b"}}`: {
			{Kind: patch.Replace, Members: []patch.Member{{Value: "a"}}}, {Kind: patch.Add, Members: []patch.Member{{Value: "b"}}},
		},
	} {
		ops, err := patch.Parse(body(operations+`,{"op":"add","path":"title","value":"T"}`), known)
		if err != nil {
			t.Fatal(err)
		}
		rest, got, err := patch.Split(ops, "members")
		if diff := cmp.Diff(want, got); err != nil || diff != "" || patch.Touches(rest, "members") || !patch.Touches(rest, "title") {
			t.Errorf("%s: %v\n%s", operations, err, diff)
		}
	}
	ops, err := patch.Parse(body(`{"op":"remove","path":"members[type eq \"Group\" or value eq \"a\"]"}`), known)
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := patch.Split(ops, "members")
	if err != nil || len(got) != 1 || got[0].Members != nil || got[0].All || where(`members[type eq "Group" or value eq "a"]`) != ops[0].Path.String() {
		t.Fatalf("%v (%v)", got, err)
	}
	if !got[0].Where.Match(map[string]any{"value": "a", "type": "User"}) || got[0].Where.Match(map[string]any{"value": "A", "type": "User"}) {
		t.Error("chooses others")
	}
	for operations, kind := range map[string]string{
		`{"op":"replace","path":"members[value eq \"a\"]","value":{"value":"b"}}`: patch.Mutability,
		`{"op":"replace","path":"members.value","value":"b"}`:                     patch.Mutability,
		`{"op":"add","path":"members","value":[{"display":"a"}]}`:                 patch.InvalidValue,
		`{"op":"add","path":"members","value":[7]}`:                               patch.InvalidValue,
	} {
		ops, err := patch.Parse(body(operations), known)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = patch.Split(ops, "members")
		if e, ok := errors.AsType[*patch.Error](err); !ok || e.Type != kind {
			t.Errorf("%s: %v", operations, err)
		}
	}
}

func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`{"op":"Replace","value":{"name.givenName":"x","` + enterprise + `:department":"y"}}`, `{"op":"add","path":"emails[type eq \"x\"].value","value":"y"}`,
		`{"op":"remove","path":"members[value eq \"a\"]","value":null}`, `{"op":"add","path":"tags","value":[1,null,"x",true]}`,
		`{"op":"replace","path":"emails","value":[{"value":"q","primary":"True"},{"type":{}}]}`, `{"op":"add","value":{"` + enterprise + `":{"manager":"m"}}}`,
		`{"op":"remove","path":"emails","value":[{"type":"work"}]}`, `{"op":"replace","path":"tags[value eq \"red\"]","value":{"value":"x"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, operations string) {
		ops, err := patch.Parse(body(operations), known)
		if err != nil {
			if kind := fault.Of(err); kind != fault.Invalid && kind != fault.TooLarge {
				t.Fatalf("%q: %v is of no kind", operations, err)
			}
			return
		}
		document := decode(t, ann)
		after, err := patch.Apply(document, ops, known)
		if !reflect.DeepEqual(document, decode(t, ann)) {
			t.Fatalf("%q changes the document that it was given", operations)
		}
		if _, ok := errors.AsType[*patch.Error](err); err != nil && !ok {
			t.Fatalf("%q: %v has no type", operations, err)
		}
		if err == nil && (after["id"] != "1" || after["userName"] == nil || after["nickName"] == nil || after["groups"] != nil) {
			t.Fatalf("%q changes what is not to be changed: %v", operations, after)
		}
		if _, err := json.Marshal(after); err != nil {
			t.Fatal(err)
		}
		rest, _, err := patch.Split(ops, "members")
		if err == nil && patch.Touches(rest, "members") {
			t.Fatalf("%q leaves members with the rest", operations)
		}
	})
}
