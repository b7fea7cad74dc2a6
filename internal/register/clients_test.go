package register

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
)

// The flat table beside a map of what was put into it: after any history both say the same of everybody.
func TestTableSaysWhatAMapWouldSay(t *testing.T) {
	type stored struct {
		app        application.Application
		candidates []proof.Candidate
	}
	rapid.Check(t, func(t *rapid.T) {
		table := newClients(newSets())
		model := map[clientKey]stored{}
		ids := make([]uuid.UUID, 6)
		for i := range ids {
			ids[i][0], ids[i][15] = byte(i), byte(i%2) // in two shards
		}
		envs := []*Environment{{index: 0}, {index: 1}}
		numbers := rapid.SliceOfN(rapid.Uint32Range(1, 4), 0, 3)
		drawCandidate := rapid.Custom(func(t *rapid.T) proof.Candidate {
			return proof.Candidate{
				ID: uuid.UUID{7, rapid.Byte().Draw(t, "credential")}, MAC: [32]byte{rapid.Byte().Draw(t, "mac")},
				Layers: proof.Layers{rapid.Uint16().Draw(t, "layer")}, Enabled: rapid.Bool().Draw(t, "enabled"),
				Epoch: rapid.Uint32().Draw(t, "epoch"), NotBefore: rapid.Int64().Draw(t, "from"), Expires: rapid.Int64().Draw(t, "until"),
				Narrowed: rapid.Bool().Draw(t, "narrowed"), Permissions: numbers.Draw(t, "permissions"),
			}
		})
		draw := func(t *rapid.T) (*Environment, uuid.UUID) {
			return rapid.SampledFrom(envs).Draw(t, "environment"), rapid.SampledFrom(ids).Draw(t, "id")
		}
		into := &Client{} // used again and again, as the token path does
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				e, id := draw(t)
				app := application.Application{
					Enabled: rapid.Bool().Draw(t, "enabled"), Epoch: rapid.Uint32().Draw(t, "epoch"),
					Lifetime: time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "lifetime")), Permissions: numbers.Draw(t, "permissions"),
					Introspects: numbers.Draw(t, "introspects"), Methods: rapid.SampledFrom([][]string{nil, {"client_secret_basic"}, {"client_secret_post"}, application.AuthMethods()}).Draw(t, "methods"),
				}
				candidates := rapid.SliceOfN(drawCandidate, 0, 4).Draw(t, "candidates")
				table.put(e.index, id, &app, candidates)
				model[clientKey{e.index, id}] = stored{app, candidates}
			},
			"remove": func(t *rapid.T) {
				e, id := draw(t)
				table.put(e.index, id, nil, nil)
				delete(model, clientKey{e.index, id})
			},
			"attach": func(t *rapid.T) {
				e, id := draw(t)
				k := drawCandidate.Draw(t, "candidate")
				table.attach(e.index, id, &k)
				if s, ok := model[clientKey{e.index, id}]; ok {
					s.candidates = append(slices.Clone(s.candidates), k)
					model[clientKey{e.index, id}] = s
				}
			},
			"become": func(t *rapid.T) {
				fresh := newClients(newSets())
				for key, s := range model {
					fresh.put(key.environment, key.id, &s.app, s.candidates)
				}
				table.become(fresh)
			},
			"": func(t *rapid.T) {
				for _, e := range envs {
					for _, id := range ids {
						want, known := model[clientKey{e.index, id}]
						if found := table.find(e, id, into); found != known {
							t.Fatalf("%s in %d: found %v, want %v", id, e.index, found, known)
						}
						if !known {
							continue
						}
						same := into.Environment == e && into.ID == id && into.Enabled == want.app.Enabled && into.Epoch == want.app.Epoch &&
							into.Lifetime == want.app.Lifetime && slices.Equal(into.Permissions, want.app.Permissions) &&
							slices.Equal(into.Introspects, want.app.Introspects) && into.Methods == methodsOf(want.app.Methods)
						if got, want := text(into.Candidates), text(want.candidates); !same || got != want {
							t.Fatalf("%+v\n%s\nwant %+v\n%s", into, got, want, want)
						}
					}
				}
			},
		})
	})
}

// text writes candidates in an order of their own.
func text(candidates []proof.Candidate) string {
	var all []string
	for _, k := range candidates {
		if len(k.Permissions) == 0 {
			k.Permissions = nil
		}
		all = append(all, fmt.Sprintf("%+v", k))
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

// What has been removed is written over, so that years of changes do not make a node grow.
func TestRoomOfTheRemovedIsUsedAgain(t *testing.T) {
	table := newClients(newSets())
	var id uuid.UUID
	app := &application.Application{Enabled: true}
	for i := range 10_000 {
		table.put(0, id, app, make([]proof.Candidate, i%20))
		if i%3 == 0 {
			table.put(0, id, nil, nil)
		}
	}
	if s := table.shard(id); len(s.clients) != 1 || len(s.credentials) > 20 {
		t.Errorf("%d clients and %d credentials for one client", len(s.clients), len(s.credentials))
	}
}

func TestClientIsReadWholeWhileItChanges(t *testing.T) {
	table, e := newClients(newSets()), &Environment{}
	var id uuid.UUID
	version := func(n uint32) {
		candidates := make([]proof.Candidate, n%5)
		for i := range candidates {
			candidates[i] = proof.Candidate{Epoch: n, Permissions: []uint32{n}}
		}
		table.put(0, id, &application.Application{Epoch: n, Permissions: []uint32{n}}, candidates)
	}
	version(1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range uint32(3000) {
			version(n)
			table.put(0, uuid.UUID{9}, &application.Application{}, make([]proof.Candidate, 3)) // takes up free room
			table.put(0, uuid.UUID{9}, nil, nil)
		}
	}()
	var c Client
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if !table.find(e, id, &c) || len(c.Candidates) != int(c.Epoch%5) || !slices.Equal(c.Permissions, []uint32{c.Epoch}) {
			t.Fatalf("half of one version and half of another: %+v", c)
		}
		for _, k := range c.Candidates {
			if k.Epoch != c.Epoch || k.Permissions[0] != c.Epoch {
				t.Fatalf("a credential of another version: %+v of %d", k, c.Epoch)
			}
		}
	}
}

func TestMethodsAreAllowedAsListed(t *testing.T) {
	for _, c := range []struct {
		names       []string
		basic, post bool
	}{
		{nil, true, true}, {[]string{}, true, true}, {[]string{"client_secret_basic"}, true, false}, {[]string{"client_secret_post"}, false, true},
		{application.AuthMethods(), true, true},
	} {
		if m := methodsOf(c.names); m.Allows(Basic) != c.basic || m.Allows(Post) != c.post {
			t.Errorf("%v: Basic %v, Post %v", c.names, m.Allows(Basic), m.Allows(Post))
		}
	}
}

func TestListsAreKeptOnceAndNeverChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSets()
		byNumber, byText := map[uint32]string{}, map[string]uint32{}
		for range rapid.IntRange(1, 60).Draw(t, "puts") {
			list := rapid.SliceOfN(rapid.Uint32(), 0, 100).Draw(t, "list")
			if rapid.Bool().Draw(t, "small") {
				list = rapid.SliceOfN(rapid.Uint32Range(0, 2), 0, 3).Draw(t, "list")
			}
			number, name := s.put(list), fmt.Sprint(list)
			if earlier, ok := byText[name]; ok && earlier != number {
				t.Fatalf("%s is %d and %d", name, earlier, number)
			}
			byText[name], byNumber[number] = number, name
			if len(list) > 0 {
				list[0]++ // the caller's own
			}
		}
		for number, name := range byNumber {
			if got := fmt.Sprint(s.get(number)); got != name {
				t.Fatalf("%d is %s, was %s", number, got, name)
			}
		}
	})
}

func TestTokenIdentifierHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		jti := JTI(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "jti"))
		name := jti.String()
		back, err := ParseJTI(name)
		if err != nil || back != jti || len(name) != 22 {
			t.Fatalf("%q: %v, %v", name, back, err)
		}
		at := rapid.IntRange(0, 21).Draw(t, "at")
		other := name[:at] + string(rapid.RuneFrom([]rune("AQgw_-+/=\n ")).Draw(t, "character")) + name[at+1:]
		if back, err := ParseJTI(other); err == nil && back.String() != other {
			t.Fatalf("%q is read as %s", other, back)
		}
		for _, wrong := range []string{name[:21], name + "A", name + "==", "", name[:20] + "\r\n"} {
			if _, err := ParseJTI(wrong); err == nil {
				t.Fatalf("%q is read", wrong)
			}
		}
	})
}

func TestRevokedTokensAreKeptUntilTheyExpire(t *testing.T) {
	r := newRevoked()
	now := time.Date(2030, 5, 6, 12, 0, 0, 0, time.UTC)
	one, two := JTI{1}, JTI{2}
	if r.has(0, one) {
		t.Error("revoked before it was")
	}
	r.add(0, one, now.UnixMicro())
	r.add(0, two, now.Add(time.Minute).UnixMicro())
	if !r.has(0, one) || !r.has(0, two) || r.has(1, one) || r.has(0, JTI{3}) {
		t.Error("not those that were revoked are")
	}
	r.sweep(now)
	if !r.has(0, two) {
		t.Error("a token that can still live was forgotten")
	}
	r.sweep(now.Add(time.Hour))
	if r.has(0, one) || r.has(0, two) {
		t.Error("expired tokens are kept")
	}
}

func TestPathLeadsIntoOneEnvironment(t *testing.T) {
	home, acme := &Environment{}, &Environment{}
	home.Default = true
	home.ID, acme.ID, acme.Slug = uuid.MustParse("0b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d"), uuid.MustParse("1b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d"), "acme"
	r := &Register{}
	r.environments.Store((&environments{}).with(home).with(acme))
	for path, want := range map[string]struct {
		e    *Environment
		rest string
	}{
		"/oauth2/token":                         {home, "/oauth2/token"},
		"/acme/oauth2/token":                    {acme, "/oauth2/token"},
		"/" + acme.ID.String() + "/oauth2/jwks": {acme, "/oauth2/jwks"},
		"/" + home.ID.String() + "/oauth2/jwks": {home, "/oauth2/jwks"},
		"/acme":                                 {acme, "/"},
		"/acme/":                                {acme, "/"},
		"/acme/acme/oauth2/token":               {acme, "/acme/oauth2/token"},
		"/acme//oauth2/token":                   {acme, "//oauth2/token"},
		"//acme/oauth2/token":                   {home, "//acme/oauth2/token"},
		"/ACME/oauth2/token":                    {home, "/ACME/oauth2/token"},
		"/acme ":                                {home, "/acme "},
		"/":                                     {home, "/"},
		"":                                      {home, ""},
		"acme/x":                                {acme, "/x"}, // net/http gives no such path
	} {
		if e, rest := r.Route(path); e != want.e || rest != want.rest {
			t.Errorf("%q: leads to %q, want %q", path, rest, want.rest)
		}
	}
	if r.Named("") != nil || r.Named("acme") != acme || r.Named(home.ID.String()) != home || r.Named("Acme") != nil {
		t.Error("environments are not known by id and slug alone")
	}
}
