package schema_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
)

type o = map[string]any

// object reads a document as a door would.
func object(t testing.TB, text string) o {
	t.Helper()
	var doc o
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// staff is a custom schema with an attribute of each kind.
var staff = &schema.Custom{Name: "staff", URN: "urn:example:staff:1.0:User", Attributes: []*schema.Attribute{
	{Name: "badge", Type: schema.String, Mutability: schema.Immutable, Returned: schema.ByDefault, CaseExact: true},
	{Name: "level", Type: schema.Integer, Mutability: schema.ReadWrite, Returned: schema.ByDefault},
	{Name: "grade", Type: schema.String, Mutability: schema.ReadWrite, CanonicalValues: []string{"A", "B"}, Closed: true},
	{Name: "since", Type: schema.DateTime, Mutability: schema.ReadWrite},
	{Name: "tags", Type: schema.String, MultiValued: true, Mutability: schema.ReadWrite},
	{Name: "desk", Type: schema.Complex, Mutability: schema.ReadWrite, Sub: []*schema.Attribute{
		{Name: "room", Type: schema.String, Mutability: schema.ReadWrite, Required: true}, {Name: "free", Type: schema.Boolean, Mutability: schema.ReadWrite},
	}},
}}

func user(members string) string {
	return `{"schemas":["` + schema.UserURN + `"],"userName":"ann"` + members + `}`
}

func kept(members string) string {
	return `{"schemas":["` + schema.UserURN + `"],"userName":"ann"` + members + `}`
}

func TestDocumentsAreBroughtIntoOneForm(t *testing.T) {
	set := schema.NewSet([]*schema.Custom{staff})
	both := `{"schemas":["` + schema.UserURN + `","` + staff.URN + `"],"userName":"ann","` + staff.URN + `":`
	for name, c := range map[string]struct {
		in, out  string
		tolerant bool
	}{
		"as it is":                    {in: user(""), out: kept("")},
		"names in any case":           {in: `{"SCHEMAS":["` + strings.ToUpper(schema.UserURN) + `"],"USERNAME":"ann","NAME":{"GIVENname":"Ann"}}`, out: kept(`,"name":{"givenName":"Ann"}`)},
		"what says nothing is gone":   {in: user(`,"title":null,"nickName":"","emails":[],"name":{"givenName":""}`), out: kept("")},
		"read-only is ignored":        {in: user(`,"id":"7","meta":{"version":"x"},"groups":[{"value":"g"}]`), out: kept("")},
		"spelling of known values":    {in: user(`,"emails":[{"value":"a@b.example","type":"WORK"}]`), out: kept(`,"emails":[{"value":"a@b.example","type":"work"}]`)},
		"unknown suggestions stay":    {in: user(`,"emails":[{"value":"a@b.example","type":"desk"}]`), out: kept(`,"emails":[{"value":"a@b.example","type":"desk"}]`)},
		"repetitions are dropped":     {in: user(`,"ims":[{"value":"x"},{"value":"x"},{"value":"y"}]`), out: kept(`,"ims":[{"value":"x"},{"value":"y"}]`)},
		"values without a value":      {in: user(`,"ims":[{"type":"work"},{"value":""}]`), out: kept("")},
		"base schema by its URN":      {in: user(`,"` + schema.UserURN + `:title":"Dr"`), out: kept(`,"title":"Dr"`)},
		"part of an extension":        {in: user(`,"` + staff.URN + `:level":3,"` + staff.URN + `":{"tags":["a"]}`), out: both + `{"level":3,"tags":["a"]}}`},
		"times become UTC":            {in: user(`,"` + staff.URN + `":{"since":"2026-01-31T10:30:00.5+01:00"}`), out: both + `{"since":"2026-01-31T09:30:00.5Z"}}`},
		"times without a zone":        {in: user(`,"` + staff.URN + `":{"since":"2026-01-31T10:30:00"}`), out: both + `{"since":"2026-01-31T10:30:00Z"}}`},
		"empty extension":             {in: user(`,"` + staff.URN + `":{"tags":[]}`), out: kept("")},
		"booleans as text":            {in: user(`,"active":"False","emails":[{"value":"a@b.example","primary":"True"}]`), tolerant: true, out: kept(`,"active":false,"emails":[{"value":"a@b.example","primary":true}]`)},
		"numbers as text":             {in: user(`,"` + staff.URN + `":{"level":"12"}`), tolerant: true, out: both + `{"level":12}}`},
		"single value for a list":     {in: user(`,"emails":{"value":"a@b.example"}`), tolerant: true, out: kept(`,"emails":[{"value":"a@b.example"}]`)},
		"text for a complex value":    {in: user(`,"emails":["a@b.example"]`), tolerant: true, out: kept(`,"emails":[{"value":"a@b.example"}]`)},
		"unknown attribute":           {in: user(`,"shoeSize":44,"name":{"nick":"A"},"urn:x:y":{"z":1}`), tolerant: true, out: kept("")},
		"unknown schema":              {in: `{"schemas":["` + schema.UserURN + `","http://example.com/2.0/User"],"userName":"ann"}`, tolerant: true, out: kept("")},
		"the certificate as base64":   {in: user(`,"x509Certificates":[{"value":"_-8"}]`), out: kept(`,"x509Certificates":[{"value":"/+8="}]`)},
		"space around a user name":    {in: `{"schemas":["` + schema.UserURN + `"],"userName":" ann "}`, out: kept("")},
		"the same document, strictly": {in: user(`,"title":"Dr","active":true`), out: kept(`,"title":"Dr","active":true`)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := set.User.Normalise(object(t, c.in), schema.Rules{Tolerant: c.tolerant})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(object(t, c.out), got); diff != "" {
				t.Error(diff)
			}
			again, err := set.User.Normalise(got, schema.Rules{})
			if err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("a second reading gives %v, %v", again, err)
			}
		})
	}
}

func TestWrongDocumentsAreRefused(t *testing.T) {
	set := schema.NewSet([]*schema.Custom{staff})
	for name, c := range map[string]struct {
		in, field string
		tolerant  bool
		kind      fault.Kind
	}{
		"no user name":            {in: `{"schemas":["` + schema.UserURN + `"]}`, field: "userName"},
		"empty user name":         {in: `{"schemas":["` + schema.UserURN + `"],"userName":"  "}`, field: "userName"},
		"another resource":        {in: `{"schemas":["` + schema.GroupURN + `"],"userName":"ann"}`, field: "schemas", tolerant: true},
		"schemas is an object":    {in: `{"schemas":{},"userName":"ann"}`, field: "schemas", tolerant: true},
		"unknown schema":          {in: `{"schemas":["` + schema.UserURN + `","urn:x:y"],"userName":"ann"}`, field: "schemas"},
		"unknown attribute":       {in: user(`,"shoeSize":44`), field: "shoeSize"},
		"unknown part":            {in: user(`,"name":{"nick":"A"}`), field: "name"},
		"two spellings":           {in: user(`,"title":"a","Title":"b"`), field: "title", tolerant: true},
		"two spellings inside":    {in: user(`,"name":{"givenName":"a","givenname":"b"}`), field: "", tolerant: true},
		"number for a text":       {in: user(`,"title":7`), field: "title", tolerant: true},
		"object for a text":       {in: user(`,"title":{"a":1}`), field: "title", tolerant: true},
		"text for a boolean":      {in: user(`,"active":"yes"`), field: "active", tolerant: true},
		"boolean text, strictly":  {in: user(`,"active":"True"`), field: "active"},
		"single value, strictly":  {in: user(`,"emails":{"value":"a@b.example"}`), field: "emails"},
		"no address":              {in: user(`,"emails":[{"value":"a b@c"}]`), field: "emails.value", tolerant: true},
		"two primaries":           {in: user(`,"ims":[{"value":"a","primary":true},{"value":"b","primary":"true"}]`), field: "ims", tolerant: true},
		"half a number":           {in: user(`,"` + staff.URN + `":{"level":1.5}`), field: staff.URN + ":level", tolerant: true},
		"number too big":          {in: user(`,"` + staff.URN + `":{"level":1e300}`), field: staff.URN + ":level", tolerant: true},
		"word for a number":       {in: user(`,"` + staff.URN + `":{"level":"NaN"}`), field: staff.URN + ":level", tolerant: true},
		"value not on the list":   {in: user(`,"` + staff.URN + `":{"grade":"C"}`), field: staff.URN + ":grade", tolerant: true},
		"no date":                 {in: user(`,"` + staff.URN + `":{"since":"yesterday"}`), field: staff.URN + ":since", tolerant: true},
		"required part missing":   {in: user(`,"` + staff.URN + `":{"desk":{"free":true}}`), field: staff.URN + ":desk.room", tolerant: true},
		"script for an address":   {in: user(`,"profileUrl":"javascript:alert(1)"`), field: "profileUrl", tolerant: true},
		"data for a picture":      {in: user(`,"photos":[{"value":"data:text/html,x"}]`), field: "photos.value", tolerant: true},
		"text that turns around":  {in: user(`,"displayName":"a\u202eb"`), field: "displayName", tolerant: true},
		"line in a display name":  {in: user(`,"displayName":"a\nb"`), field: "displayName", tolerant: true},
		"no base64":               {in: user(`,"x509Certificates":[{"value":"%"}]`), field: "x509Certificates.value", tolerant: true},
		"long part of a name":     {in: user(`,"name":{"familyName":"` + strings.Repeat("x", 151) + `"}`), field: "name.familyName", tolerant: true},
		"too many values":         {in: user(`,"ims":[` + strings.Repeat(`{"value":"x"},`, 100) + `{"value":"y"}]`), field: "ims", tolerant: true},
		"document too long":       {in: user(`,"x509Certificates":[` + certificates(9) + `]`), kind: fault.TooLarge},
		"list for a single value": {in: user(`,"name":[{"givenName":"A"}]`), field: "name", tolerant: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := set.User.Normalise(object(t, c.in), schema.Rules{Tolerant: c.tolerant})
			if want := max(c.kind, fault.Invalid); !fault.Is(err, want) {
				t.Fatalf("%v, %v, want %s", got, err, want)
			}
			if field, _ := fault.Public(err); c.field != "" && field != c.field {
				t.Errorf("about %q, want %q: %v", field, c.field, err)
			}
		})
	}
}

// certificates are values of 8 KiB each, all different.
func certificates(n int) string {
	var all []string
	for i := range n {
		all = append(all, `{"value":"`+strings.Repeat(string(rune('A'+i)), 8192)+`"}`)
	}
	return strings.Join(all, ",")
}

func TestWhatIsSetOnceStays(t *testing.T) {
	set := schema.NewSet([]*schema.Custom{staff})
	old := object(t, user(`,"`+staff.URN+`":{"badge":"B1"}`))
	read := func(members string) (o, error) {
		return set.User.Normalise(object(t, user(members)), schema.Rules{Tolerant: true, Old: old})
	}
	if _, err := read(`,"` + staff.URN + `":{"badge":"B2"}`); !errors.Is(err, schema.ErrImmutable) || !fault.Is(err, fault.Invalid) {
		t.Errorf("another value: %v", err)
	}
	for _, members := range []string{`,"` + staff.URN + `":{"badge":"B1","level":1}`, `,"` + staff.URN + `":{"level":1}`, ``} {
		got, err := read(members)
		if err != nil {
			t.Fatal(err)
		}
		if inner, _ := got[staff.URN].(o); inner["badge"] != "B1" || len(got["schemas"].([]any)) != 2 {
			t.Errorf("%s loses the value: %v", members, got)
		}
	}
	if got, err := set.User.Normalise(object(t, user(`,"`+staff.URN+`":{"badge":"B2"}`)), schema.Rules{Old: object(t, user(""))}); err != nil || got[staff.URN].(o)["badge"] != "B2" {
		t.Errorf("a value for the first time: %v, %v", got, err)
	}
}

func TestPathsFindTheirAttributes(t *testing.T) {
	set := schema.NewSet([]*schema.Custom{staff})
	for path, want := range map[string]string{
		"username": "userName", "NAME.familyname": "name.familyName", "emails.value": "emails.value", "id": "id",
		schema.UserURN + ":userName": "userName", strings.ToLower(schema.UserURN) + ":meta.created": "meta.created",
		schema.EnterpriseURN + ":manager.value": schema.EnterpriseURN + ":manager.value",
		strings.ToUpper(schema.EnterpriseURN):   schema.EnterpriseURN, staff.URN + ":DESK.room": staff.URN + ":desk.room",
	} {
		if p, ok := set.User.Find(path); !ok || p.Path != want {
			t.Errorf("%s leads to %q, %v, want %s", path, p.Path, ok, want)
		}
	}
	for _, path := range []string{"", "nothing", "name.nothing", "userName.value", schema.UserURN, schema.EnterpriseURN + ":userName", "employeeNumber", schema.GroupURN + ":members"} {
		if p, ok := set.User.Find(path); ok {
			t.Errorf("%s leads to %q", path, p.Path)
		}
	}
}

func TestEverySchemaDescribesItself(t *testing.T) {
	set := schema.NewSet([]*schema.Custom{staff})
	seen := map[string]bool{}
	for _, s := range set.All() {
		doc := s.Document()
		seen[s.ID] = true
		var check func(list []any)
		check = func(list []any) {
			if len(list) == 0 {
				t.Errorf("%s: no attributes", s.ID)
			}
			for _, one := range list {
				a := one.(o)
				for _, name := range []string{"name", "type", "multiValued", "required", "caseExact", "mutability", "returned", "uniqueness"} {
					if _, ok := a[name]; !ok {
						t.Errorf("%s: %v says nothing of %s", s.ID, a["name"], name)
					}
				}
				if (a["type"] == "complex") != (a["subAttributes"] != nil) {
					t.Errorf("%s: %v is complex without parts, or the other way round", s.ID, a["name"])
				}
				if a["type"] == "reference" && a["referenceTypes"] == nil {
					t.Errorf("%s: %v refers to nothing", s.ID, a["name"])
				}
				if a["filterable"] != nil {
					t.Errorf("%s: %v has a characteristic that no RFC knows", s.ID, a["name"])
				}
				if sub, ok := a["subAttributes"].([]any); ok {
					check(sub)
				}
			}
		}
		check(doc["attributes"].([]any))
		if set.Find(strings.ToUpper(s.ID)) == nil {
			t.Errorf("%s is not found", s.ID)
		}
	}
	for _, urn := range []string{schema.UserURN, schema.EnterpriseURN, schema.GroupURN, schema.SchemaURN, schema.TypeURN, schema.ConfigURN, staff.URN} {
		if !seen[urn] {
			t.Errorf("%s is missing", urn)
		}
	}
}

// FuzzNormalise reads whatever comes: nothing makes it fall over, and what it has read once stays as it is.
func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{user(""), user(`,"emails":"a@b.example","active":"TRUE","` + staff.URN + `":{"since":"2026-01-31T10:30:00Z","level":"1"}`), `{"schemas":[null],"name":[[{}]]}`, `{"":{}}`} {
		f.Add(seed)
	}
	set := schema.NewSet([]*schema.Custom{staff})
	f.Fuzz(func(t *testing.T, text string) {
		var doc o
		if json.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		got, err := set.User.Normalise(doc, schema.Rules{Tolerant: true})
		if err != nil {
			return
		}
		again, err := set.User.Normalise(got, schema.Rules{Old: got})
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: read once %v, read twice %v, %v", text, got, again, err)
		}
	})
}

// TestFiltersKnowTheAttributes reads filters against the schemas, so that the two cannot grow apart.
func TestFiltersKnowTheAttributes(t *testing.T) {
	set := schema.NewSet([]*schema.Custom{staff})
	doc, err := set.User.Normalise(object(t, user(`,"emails":[{"value":"a@b.example","type":"work"}],"`+staff.URN+`":{"level":3,"tags":["x","y"]}`)), schema.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`USERNAME eq "ANN"`: true, `emails[type eq "WORK" and value sw "a@"]`: true, `emails.type eq "home"`: false,
		staff.URN + `:level gt 2`: true, staff.URN + `:tags eq "y"`: true, schema.UserURN + `:userName sw "a"`: true, `externalId pr`: false,
	} {
		f, err := filter.Parse(text, set.User)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if f.Eval(doc) != want {
			t.Errorf("%s holds: %v", text, !want)
		}
	}
	if _, err := filter.Parse(`password eq "x"`, set.User); err == nil {
		t.Error("a filter reads passwords")
	}
}
