package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	user       = "urn:ietf:params:scim:schemas:core:2.0:User"
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	custom     = "urn:example:2.0"
)

// attributes are those of a user, and of an extension whose URN ends in a version.
type attributes map[string]filter.Attribute

func (a attributes) Lookup(path string) (filter.Attribute, bool) {
	path = strings.ToLower(path)
	if base := strings.ToLower(user) + ":"; strings.HasPrefix(path, base) {
		path = path[len(base):]
	}
	found, ok := a[path]
	return found, ok
}

func (a attributes) add(prefix []string, path, kind string) {
	name, flags, _ := strings.Cut(path, " ")
	f := filter.Attribute{Type: kind, Path: name, Steps: strings.Split(name, "."), Returned: "default"}
	if len(prefix) > 0 {
		f.Path, f.Steps = prefix[0]+":"+name, append(prefix[:1:1], f.Steps...)
	}
	f.Multi, f.CaseExact = strings.Contains(flags, "many"), strings.Contains(flags, "exact")
	if strings.Contains(flags, "never") {
		f.Returned = "never"
	}
	a[strings.ToLower(f.Path)] = f
}

var known = func() attributes {
	a := attributes{}
	for _, name := range []string{"userName", "displayName", "name.givenName", "name.familyName", "externalId exact", "userType", "title",
		"emails.value", "emails.type", "tags many", "password never", "id exact"} {
		a.add(nil, name, "string")
	}
	for _, name := range []string{"name", "emails many", "meta", "phoneNumbers many"} {
		a.add(nil, name, "complex")
	}
	a.add(nil, "active", "boolean")
	a.add(nil, "emails.primary", "boolean")
	a.add(nil, "meta.created", "dateTime")
	a.add(nil, "x509", "binary")
	a.add([]string{enterprise}, "department", "string")
	a.add([]string{enterprise}, "manager", "complex")
	a.add([]string{enterprise}, "manager.value exact", "string")
	a.add([]string{custom}, "level", "integer")
	for _, urn := range []string{enterprise, custom} {
		a[strings.ToLower(urn)] = filter.Attribute{Path: urn, Steps: []string{urn}, Type: "complex"}
	}
	return a
}()

var ann = map[string]any{
	"id": "Ab", "userName": "Ann", "displayName": "Änn Straße", "name": map[string]any{"givenName": "Ann", "familyName": "O'Hara"},
	"externalId": "X7", "active": true, "title": "", "tags": []string{"Red", "blue"},
	"emails": []any{
		map[string]any{"value": "ann@example.com", "type": "work", "primary": true},
		map[string]any{"value": "ann@home.example", "type": "home"},
	},
	"meta":     map[string]any{"created": time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)},
	enterprise: map[string]any{"department": "R&D", "manager": map[string]any{"value": "m1"}},
	custom:     map[string]any{"level": 7},
}

func TestFiltersChooseWhatTheySay(t *testing.T) {
	for text, want := range map[string]bool{
		`userName eq "ANN"`:                              true,
		`USERNAME EQ "ann"`:                              true,
		`userName ne "ann"`:                              false,
		`userName co "n"`:                                true,
		`userName sw "An"`:                               true,
		`userName ew "An"`:                               false,
		`externalId eq "x7"`:                             false,
		`externalId eq "X7"`:                             true,
		`displayName eq "ÄNN STRASSE"`:                   true,
		`displayName sw "a\u0308nn"`:                     true, // A and a diaeresis, composed elsewhere
		`userName eq "ＡＮＮ"`:                              true, // in full width
		`userName gt "anm" and userName lt "b"`:          true,
		`name.familyName eq "o'hara"`:                    true,
		`title pr`:                                       false,
		`title eq null`:                                  true,
		`title ne null`:                                  false,
		`userType eq null`:                               true,
		`userType ne "Employee"`:                         true,
		`userType eq "Employee"`:                         false,
		`name pr`:                                        true,
		`active eq true`:                                 true,
		`active eq "True"`:                               true,
		`active eq False`:                                false,
		`active ne false`:                                true,
		`emails eq "ANN@example.com"`:                    true,
		`emails co "home"`:                               true,
		`emails pr`:                                      true,
		`phoneNumbers pr`:                                false,
		`emails.value ne "ann@example.com"`:              true, // one value that differs is enough
		`emails[type eq "work" and value co "@example"]`: true,
		`emails[type eq "home" and value co "@example.com"]`:          false,
		`emails[not (type eq "work")]`:                                true,
		`emails[primary eq "TRUE"]`:                                   true,
		`emails[type eq "other" or primary pr]`:                       true,
		`emails.type eq "home" and emails.value eq "ann@example.com"`: true, // of different values
		`tags eq "red"`:                                      true,
		`tags[value sw "bl"]`:                                true,
		`tags.value eq "green"`:                              false,
		`meta.created gt "2026-05-01T13:59:59+02:00"`:        true,
		`meta.created ge "2026-05-01T12:00:00Z"`:             true,
		`meta.created eq "2026-05-01T14:00:00.000+02:00"`:    true,
		`meta.created lt "2026-05-01T12:00:00"`:              false,
		`meta.created sw "2026-05"`:                          true,
		enterprise + `:department eq "r&d"`:                  true,
		strings.ToUpper(enterprise) + `:DEPARTMENT eq "r&d"`: true,
		enterprise + `:manager eq "m1"`:                      true,
		enterprise + `:manager.value eq "M1"`:                false,
		enterprise + ` pr`:                                   true,
		enterprise + `[department sw "R"]`:                   true,
		user + `:userName sw "a"`:                            true,
		user + `:name.givenName eq "ann"`:                    true,
		custom + `:level ge 7`:                               true,
		custom + `:level lt 7.5`:                             true,
		custom + `:level eq "7"`:                             true,
		custom + `:level eq "Infinity"`:                      false,
		custom + ` pr`:                                       true,
		`nothing eq "x"`:                                     false,
		`nothing ne "x"`:                                     true,
		`nothing pr`:                                         false,
		`emails.nothing eq "x"`:                              false,
		`nothing[value eq "x"]`:                              false,
		`urn:unknown:9.0:User:thing.part eq 1`:               false,
		`userName eq 5`:                                      false,
		`userName pr or userType pr and title pr`:            true, // and binds closer
		`(userName pr or userType pr) and title pr`:          false,
		`not(userName eq "x")and not (not (active eq true))`: true,
	} {
		f, err := filter.Parse(text, known)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if f.Eval(ann) != want {
			t.Errorf("%s is not %v", text, want)
		}
		again, err := filter.Parse(f.String(), known)
		if err != nil || again.String() != f.String() || again.Eval(ann) != want {
			t.Errorf("%s prints as %s, which is another filter (%v)", text, f, err)
		}
	}
}

func TestFiltersHaveOneCanonicalForm(t *testing.T) {
	for text, want := range map[string]string{
		` USERNAME  Eq "a\u0062" `:                           `userName eq "ab"`,
		`((a pr and (b pr and c pr)))`:                       `a pr and b pr and c pr`,
		`(a pr or b pr) and (c pr or (d pr or e pr))`:        `(a pr or b pr) and (c pr or d pr or e pr)`,
		`a pr or (b pr and c pr)`:                            `a pr or b pr and c pr`,
		`NOT(a pr)`:                                          `not (a pr)`,
		`emails co "<x>"`:                                    `emails.value co "<x>"`,
		`Emails [ TYPE eq "work" ]`:                          `emails[type eq "work"]`,
		`active eq "FALSE"`:                                  `active eq false`,
		user + `:USERNAME pr`:                                `userName pr`,
		strings.ToUpper(enterprise) + `:Manager.Value eq ""`: enterprise + `:manager.value eq ""`,
		`x eq 1.50E2`:                                        `x eq 150`,
	} {
		if f, err := filter.Parse(text, known); err != nil || f.String() != want {
			t.Errorf("%s prints as %v, want %s (%v)", text, f, want, err)
		}
	}
}

func TestFiltersWithoutSenseAreRefused(t *testing.T) {
	for _, text := range []string{
		``, ` `, `userName`, `userName eq`, `userName eq ann`, `userName eq "ann`, `userName eq "a\`, `userName like "a"`, `eq "a"`,
		`userName eq "a" and`, `and userName pr`, `(userName pr`, `userName pr)`, `emails[type eq "work"`, `emails[type eq "work"].value eq "x"`,
		`emails[emails[type pr]]`, `emails[emails.type pr]`, `not userName pr`, `userName eq {}`, `userName eq [1]`, `userName eq "\x"`,
		`userName eq "a` + "\n" + `"`, `userName eq "\u0000"`, `userName eq 1e999`, `userName eq 01`, `user name pr`, `1name pr`, `a.b.c pr`,
		`urn:x:2.0 pr`, `üser pr`, "userName eq \"\xff\"", `a;drop pr`, `userName pr userName pr`,
		`active gt true`, `active gt "a"`, `userName gt null`, `userName gt true`, `x509 le "YQ=="`, `userName co 5`, `userName sw null`,
		`meta.created gt "yesterday"`, `meta.created eq "2026-13-01T00:00:00Z"`,
		`password eq "x"`, `PASSWORD pr`, user + `:password sw "a"`, `userName pr or not (password co "a")`, `password.value pr`, `password[value sw "a"]`,
	} {
		if f, err := filter.Parse(text, known); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is taken for %v (%v)", text, f, err)
		}
	}
}

func TestFilterTenThousandDeepIsRefusedAtOnce(t *testing.T) {
	start := time.Now()
	for name, text := range map[string]string{
		"parentheses":   strings.Repeat("(", 10_000) + "a pr" + strings.Repeat(")", 10_000),
		"within bounds": strings.Repeat("(", 4_000) + "a pr" + strings.Repeat(")", 4_000),
		"nots":          strings.Repeat("not(", 1_000) + "a pr" + strings.Repeat(")", 1_000),
		"terms":         strings.Repeat("a pr or ", 900) + "a pr",
		"one text":      `a eq "` + strings.Repeat("x", 9_000) + `"`,
	} {
		_, err := filter.Parse(text, known)
		if !fault.Is(err, fault.Invalid) || len(err.Error()) > 100 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Error("refusing takes", took)
	}
	deep := strings.Repeat("(", filter.MaxDepth) + "a pr" + strings.Repeat(")", filter.MaxDepth)
	if _, err := filter.Parse(deep, known); err != nil {
		t.Error("at the bound:", err)
	}
}

func TestPathsSayWhereAChangeIsMade(t *testing.T) {
	for text, want := range map[string][4]string{ // canonical, attribute, sub-attribute, known
		`USERNAME`:                        {"userName", "userName", "", "y"},
		`name.GIVENNAME`:                  {"name.givenName", "name", "name.givenName", "y"},
		`members[value eq "x"]`:           {`members[value eq "x"]`, "members", "", ""},
		`Emails[type eq "work"].Value`:    {`emails[type eq "work"].value`, "emails", "emails.value", "y"},
		`emails[not(type eq "work")]`:     {`emails[not (type eq "work")]`, "emails", "", "y"},
		`tags[value eq "a"]`:              {`tags[value eq "a"]`, "tags", "", "y"},
		enterprise:                        {enterprise, enterprise, "", "y"},
		enterprise + `:department`:        {enterprise + ":department", enterprise + ":department", "", "y"},
		enterprise + `:manager.value`:     {enterprise + ":manager.value", enterprise + ":manager", enterprise + ":manager.value", "y"},
		enterprise + `:manager.what`:      {enterprise + ":manager.what", enterprise + ":manager", enterprise + ":manager.what", ""},
		user + `:name.familyName`:         {"name.familyName", "name", "name.familyName", "y"},
		user + `:emails[primary eq true]`: {"emails[primary eq true]", "emails", "", "y"},
		custom:                            {custom, custom, "", "y"},
		custom + ":level":                 {custom + ":level", custom + ":level", "", "y"},
		"nothing.at":                      {"nothing.at", "nothing", "nothing.at", ""},
		"password":                        {"password", "password", "", "y"}, // which may be written
	} {
		p, err := filter.ParsePath(text, known)
		got := [4]string{p.String(), p.Attribute.Path, p.Sub.Path, ""}
		if p.Known() {
			got[3] = "y"
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{
		``, `.`, `a.`, `.a`, `a..b`, `a.b.c`, `emails[`, `emails[]`, `emails[type eq "work"`, `emails[type eq "work"].`, `emails[type eq "work"].a.b`,
		`emails[type eq "work"]value`, `emails.value[type eq "work"]`, `emails[type eq "work"][type eq "home"]`, `[type eq "work"]`, `a b`, `urn:a:2.0`,
		`../users`, `"x"`, `password[value sw "a"]`, strings.Repeat("a", 9000),
	} {
		if p, err := filter.ParsePath(text, known); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is taken for %s (%v)", text, p.String(), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`userName eq "a" and not (emails[type eq "work" and value co "@x"] or title pr)`, enterprise + `:manager.value ne null`,
		`((a pr))or(b gt 1.5)and c le "2026-01-01T00:00:00Z"`, custom + `:level eq "\ud83d\ude00\u2028"`, `tags[value sw "b"]`, `emails eq "É"`, `active eq True`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, err := filter.Parse(text, known)
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Fatalf("%q: %v is of no kind", text, err)
			}
			return
		}
		printed := one.String()
		if len(printed) > filter.MaxLength {
			return // names became longer
		}
		two, err := filter.Parse(printed, known)
		if err != nil {
			t.Fatalf("%q prints as %q, which is none: %v", text, printed, err)
		}
		if two.String() != printed || two.Eval(ann) != one.Eval(ann) {
			t.Fatalf("%q prints as %q, which reads as %q", text, printed, two)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{`emails[type eq "work"].value`, enterprise + ":manager.value", custom, "name.givenName", `tags[value eq "x" or value pr]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, err := filter.ParsePath(text, known)
		if err != nil {
			return
		}
		printed := one.String()
		if two, err := filter.ParsePath(printed, known); len(printed) <= filter.MaxLength && (err != nil || two.String() != printed || two.Known() != one.Known()) {
			t.Fatalf("%q prints as %q, which reads as %q (%v)", text, printed, two.String(), err)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	f, err := filter.Parse(`userName sw "a" and emails[type eq "work" and value co "@example.com"] and not (displayName eq "Änn")`, known)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !f.Eval(ann) {
			b.Fatal("no match")
		}
	}
}
