package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// world is a random environment: its APIs, and who has which of their permissions.
type world struct {
	apis  []*API
	names []string // of every permission there is
	gone  uint32   // the number of a permission that was deleted
	asked Asked
}

func drawWorld(t *rapid.T) *world {
	w := &world{}
	number := uint32(1)
	var numbers []uint32
	for a := range rapid.IntRange(1, 4).Draw(t, "APIs") {
		api := &API{Number: number, Audience: fmt.Sprintf("https://api%d.example", a)}
		number++
		for p := range rapid.IntRange(0, 5).Draw(t, "permissions") {
			name := fmt.Sprintf("api%d:%d", a, p)
			api.Permissions = append(api.Permissions, Permission{Number: number, Name: name})
			w.names, numbers = append(w.names, name), append(numbers, number)
			number++
		}
		w.apis = append(w.apis, api)
	}
	w.gone = number
	some := rapid.SliceOfDistinct(rapid.SampledFrom(append(numbers, w.gone)), rapid.ID[uint32])
	w.asked.Application, w.asked.Credential = some.Draw(t, "application"), some.Draw(t, "credential")
	slices.Sort(w.asked.Application)
	slices.Sort(w.asked.Credential)
	w.asked.Narrowed = rapid.Bool().Draw(t, "narrowed")
	w.asked.Resource = rapid.SampledFrom([]string{"", "", w.apis[0].Audience, w.apis[len(w.apis)-1].Audience, "https://nowhere.example"}).Draw(t, "resource")
	scope := rapid.SampledFrom(append([]string{"no:such", `qu"ote`, ""}, w.names...))
	if rapid.Bool().Draw(t, "asks for scopes") {
		w.asked.Scope = strings.Join(rapid.SliceOfN(scope, 0, 4).Draw(t, "scope"), " ")
	}
	return w
}

// may returns what application and credential both hold, by name, worked out the long way.
func (w *world) may() map[string]*API {
	held := map[string]*API{}
	for _, api := range w.apis {
		for _, p := range api.Permissions {
			if slices.Contains(w.asked.Application, p.Number) && (!w.asked.Narrowed || slices.Contains(w.asked.Credential, p.Number)) {
				held[p.Name] = api
			}
		}
	}
	return held
}

func (w *world) name(number uint32) string {
	for _, api := range w.apis {
		for _, p := range api.Permissions {
			if p.Number == number {
				return p.Name
			}
		}
	}
	return ""
}

func TestGrantIsNeverMoreThanApplicationAndCredentialAndRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		grant, short := NewCatalogue(w.apis).Attenuate(w.asked)
		if short != Enough {
			if grant.API != nil || grant.Permissions != nil {
				t.Fatalf("%+v: refused with %d, and yet %+v", w.asked, short, grant)
			}
			return
		}
		held, seen := w.may(), map[string]bool{}
		for _, number := range grant.Permissions {
			name := w.name(number)
			switch {
			case held[name] == nil:
				t.Fatalf("%+v: granted %q, which application or credential lacks", w.asked, name)
			case held[name] != grant.API:
				t.Fatalf("%+v: granted %q of another API", w.asked, name)
			case seen[name]:
				t.Fatalf("%+v: granted %q twice", w.asked, name)
			case w.asked.Scope != "" && !slices.Contains(strings.Split(w.asked.Scope, " "), name):
				t.Fatalf("%+v: granted %q, which was not asked for", w.asked, name)
			}
			seen[name] = true
		}
		if len(grant.Permissions) == 0 || w.asked.Resource != "" && grant.API.Audience != w.asked.Resource {
			t.Fatalf("%+v: granted %+v", w.asked, grant)
		}
	})
}

func TestWhatMayBeGrantedIsGrantedWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		held := w.may()
		wanted, apis := map[string]bool{}, map[*API]bool{}
		if w.asked.Scope == "" {
			for name, api := range held {
				if w.asked.Resource == "" || api.Audience == w.asked.Resource {
					wanted[name], apis[api] = true, true
				}
			}
		} else {
			for name := range strings.SplitSeq(w.asked.Scope, " ") {
				wanted[name], apis[held[name]] = true, true
			}
		}
		possible := len(apis) == 1
		for api := range apis {
			possible = possible && api != nil && (w.asked.Resource == "" || api.Audience == w.asked.Resource)
		}
		grant, short := NewCatalogue(w.apis).Attenuate(w.asked)
		if (short == Enough) != possible {
			t.Fatalf("%+v of %v: %d, but possible is %v", w.asked, held, short, possible)
		}
		if possible && len(grant.Permissions) != len(wanted) {
			t.Fatalf("%+v: granted %v, wanted %v", w.asked, grant.Permissions, wanted)
		}
	})
}

// library is a fixed environment for examples.
func library() *Catalogue {
	return NewCatalogue([]*API{
		{Number: 1, Audience: "https://books.example", Permissions: []Permission{{Number: 2, Name: "books:read"}, {Number: 3, Name: "books:write"}}},
		{Number: 4, Audience: "https://films.example", Permissions: []Permission{{Number: 5, Name: "films:read"}}},
	})
}

func TestEveryShortfallIsCalledByItsName(t *testing.T) {
	all, books := []uint32{2, 3, 5}, []uint32{2, 3}
	many := strings.Repeat("x ", 9_999) + "x"
	for name, c := range map[string]struct {
		asked Asked
		want  Shortfall
	}{
		"all of the only API":             {Asked{Application: books}, Enough},
		"one scope of two APIs":           {Asked{Application: all, Scope: "films:read"}, Enough},
		"all scopes of the API asked for": {Asked{Application: all, Resource: "https://books.example"}, Enough},
		"a scope asked for twice":         {Asked{Application: books, Scope: "books:read books:read"}, Enough},
		"two APIs and no resource":        {Asked{Application: all}, AmbiguousTarget},
		"scopes of two APIs":              {Asked{Application: all, Scope: "books:read films:read"}, AmbiguousTarget},
		"a scope of another API":          {Asked{Application: all, Scope: "films:read", Resource: "https://books.example"}, AmbiguousTarget},
		"an unknown resource":             {Asked{Application: all, Resource: "https://nowhere.example"}, UnknownTarget},
		"a relative resource":             {Asked{Application: all, Resource: "/books"}, UnknownTarget},
		"a resource with a fragment":      {Asked{Application: all, Resource: "https://books.example#x"}, UnknownTarget},
		"a resource in other letters":     {Asked{Application: all, Resource: "https://BOOKS.example"}, UnknownTarget},
		"a resource with a slash more":    {Asked{Application: all, Resource: "https://books.example/"}, UnknownTarget},
		"a resource out of reach":         {Asked{Application: books, Resource: "https://films.example"}, UnknownTarget},
		"a scope out of reach":            {Asked{Application: books, Scope: "films:read"}, ScopeNotGranted},
		"a scope the credential lacks":    {Asked{Application: books, Narrowed: true, Credential: []uint32{2}, Scope: "books:write"}, ScopeNotGranted},
		"a scope the application lost":    {Asked{Application: []uint32{2}, Narrowed: true, Credential: books, Scope: "books:write"}, ScopeNotGranted},
		"a scope in other letters":        {Asked{Application: books, Scope: "Books:read"}, ScopeNotGranted},
		"OpenID's scopes":                 {Asked{Application: books, Scope: "openid offline_access"}, ScopeNotGranted},
		"ten thousand scopes":             {Asked{Application: books, Scope: many}, ScopeNotGranted},
		"nothing to have":                 {Asked{}, NothingGranted},
		"a credential that may nothing":   {Asked{Application: books, Narrowed: true}, NothingGranted},
		"a deleted permission":            {Asked{Application: []uint32{77}}, NothingGranted},
		"a space in front":                {Asked{Application: books, Scope: " books:read"}, BadScope},
		"a space behind":                  {Asked{Application: books, Scope: "books:read "}, BadScope},
		"two spaces":                      {Asked{Application: books, Scope: "books:read  books:write"}, BadScope},
		"only a space":                    {Asked{Application: books, Scope: " "}, BadScope},
		"a tab":                           {Asked{Application: books, Scope: "books:read\tbooks:write"}, BadScope},
		"a quote":                         {Asked{Application: books, Scope: `books:"read"`}, BadScope},
		"a backslash":                     {Asked{Application: books, Scope: `books:\read`}, BadScope},
		"NUL":                             {Asked{Application: books, Scope: "books:read\x00"}, BadScope},
		"a letter that is not ASCII":      {Asked{Application: books, Scope: "bücher"}, BadScope},
		"a scope longer than any":         {Asked{Application: books, Scope: strings.Repeat("x", maxScopeLength+1)}, BadScope},
	} {
		t.Run(name, func(t *testing.T) {
			if _, short := library().Attenuate(c.asked); short != c.want {
				t.Errorf("%d, want %d", short, c.want)
			}
		})
	}
}

// An API has up to 200 scopes; a client that holds them may name them all instead of saying nothing.
func TestAllScopesOfTheLargestAPICanBeNamed(t *testing.T) {
	api := &API{Number: 1, Audience: "https://large.example"}
	var names []string
	asked := Asked{}
	for i := range uint32(maxPermissions) {
		p := Permission{Number: 2 + i, Name: fmt.Sprintf("%0*d", maxScopeLength, i)}
		api.Permissions = append(api.Permissions, p)
		asked.Application = append(asked.Application, p.Number)
		names = append(names, p.Name)
	}
	asked.Scope = strings.Join(names, " ")
	grant, short := NewCatalogue([]*API{api}).Attenuate(asked)
	if short != Enough || len(grant.Permissions) != maxPermissions {
		t.Fatalf("%d, %d scopes", short, len(grant.Permissions))
	}
}

// The base URL is set by the operator, so an API that was there before may have the audience that the management API
// gets by it. It must not stand in its place.
func TestNoOtherAPITakesTheManagementAPIsAudience(t *testing.T) {
	builtin := &API{Number: 1, Builtin: true, Audience: "https://id.example/api/v1", Permissions: []Permission{{Number: 2, Name: "apis:read"}}}
	other := &API{Number: 3, Audience: builtin.Audience, Permissions: []Permission{{Number: 4, Name: "other"}}}
	for _, apis := range [][]*API{{builtin, other}, {other, builtin}} {
		grant, short := NewCatalogue(apis).Attenuate(Asked{Application: []uint32{2, 4}, Resource: builtin.Audience})
		if short != Enough || grant.API != builtin {
			t.Errorf("%d, %+v", short, grant)
		}
	}
}

func TestScopeOfATokenNamesOnlyWhatIsThere(t *testing.T) {
	c := library()
	for want, numbers := range map[string][]uint32{
		"":                       nil,
		"books:read":             {2},
		"books:write books:read": {3, 2},
		"books:write":            {9, 3, 5},
	} {
		if got := string(c.AppendScope(nil, c.API(1), numbers)); got != want {
			t.Errorf("%v: %q, want %q", numbers, got, want)
		}
	}
}
