package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/register"
)

// victim is an application with everything that can be taken from it, and tokens from before that happens.
type victim struct {
	*housetest.House
	outside *housetest.House // where the environment itself is administered
	client  housetest.Client
	gateway housetest.Client
	// The APIs of its tokens, its secret and its environment, for those who disable them.
	apis        []string
	secret      string
	environment string

	tokens  []string // one JWT and one handle, which the gateway may look into
	manager string   // a token of the management API
	// bystander is somebody else's token that the victim may look into, of an API that nobody touches.
	bystander string
}

// newVictim makes one in the environment that h looks at.
func newVictim(h, outside *housetest.House, environment, name string) *victim {
	h.T.Helper()
	v := &victim{House: h, outside: outside, environment: environment}
	for _, format := range []string{"jwt", "handle"} {
		v.apis = append(v.apis, h.NewAPI(name+"-"+format, housetest.O{"token_format": format}, name+":"+format))
	}
	h.NewAPI(name+"-quiet", nil, name+":quiet")
	v.gateway = h.NewApp(name+" gateway", housetest.O{"introspects": []string{name + "-jwt", name + "-handle"}}, name+":quiet")
	v.client = h.NewApp(name+" victim", housetest.O{"introspects": []string{name + "-quiet"}},
		name+":jwt", name+":handle", "applications:read")
	secrets := h.Must("GET", "/applications/"+v.client.ID+"/secrets", nil).JSON["items"].([]any)
	v.secret = secrets[0].(housetest.O)["id"].(string)
	v.bystander = h.Token(v.gateway, "scope", name+":quiet")
	v.getTokens(name)
	return v
}

func (v *victim) getTokens(name string) {
	v.T.Helper()
	v.tokens = []string{v.Token(v.client, "scope", name+":jwt"), v.Token(v.client, "scope", name+":handle")}
	v.manager = v.Token(v.client, "scope", "applications:read")
}

// way is a way into the house. It reports whether the victim got in, and how it was answered.
type way struct {
	name string
	try  func(v *victim, name string) (in bool, a *housetest.Answer)
}

func ok(a *housetest.Answer) (bool, *housetest.Answer) { return a.Status == http.StatusOK, a }

func active(a *housetest.Answer) (bool, *housetest.Answer) {
	return a.Status == http.StatusOK && a.JSON["active"] == true, a
}

// The ways, by their places in [ways].
const (
	getJWT = iota
	getHandle
	asCaller
	itsJWT
	itsHandle
	revoking
	managing
	itself
)

var ways = [...]way{
	getJWT: {"a JWT from the token endpoint", func(v *victim, name string) (bool, *housetest.Answer) {
		return ok(v.Form("/oauth2/token", v.client, "grant_type", "client_credentials", "scope", name+":jwt"))
	}},
	getHandle: {"a handle from the token endpoint", func(v *victim, name string) (bool, *housetest.Answer) {
		return ok(v.Form("/oauth2/token", v.client, "grant_type", "client_credentials", "scope", name+":handle"))
	}},
	asCaller: {"introspection as caller", func(v *victim, _ string) (bool, *housetest.Answer) {
		return active(v.Introspect(v.client, v.bystander))
	}},
	itsJWT: {"introspection of its JWT", func(v *victim, _ string) (bool, *housetest.Answer) {
		return active(v.Introspect(v.gateway, v.tokens[0]))
	}},
	itsHandle: {"introspection of its handle", func(v *victim, _ string) (bool, *housetest.Answer) {
		return active(v.Introspect(v.gateway, v.tokens[1]))
	}},
	revoking: {"revocation as caller", func(v *victim, _ string) (bool, *housetest.Answer) {
		return ok(v.Form("/oauth2/revoke", v.client, "token", "cft_none"))
	}},
	managing: {"the management API", func(v *victim, _ string) (bool, *housetest.Answer) {
		return ok(v.CallAs(v.manager, "GET", "/api/v1/applications", nil))
	}},
	itself: {"credentials/self", func(v *victim, _ string) (bool, *housetest.Answer) {
		return ok(v.CallAs(v.manager, "GET", "/api/v1/credentials/self", nil))
	}},
}

// closed says which of the ways are closed.
type closed [len(ways)]bool

var (
	none       = closed{}
	everything = closed{true, true, true, true, true, true, true, true}
	itsAPI     = closed{getJWT: true, getHandle: true, itsJWT: true, itsHandle: true}
	apiTokens  = closed{itsJWT: true, itsHandle: true}
	itsTokens  = closed{itsJWT: true, itsHandle: true, managing: true, itself: true}
	allTokens  = closed{asCaller: true, itsJWT: true, itsHandle: true, managing: true, itself: true}
)

// state is a way of taking something from the victim, and of giving it back where there is one.
type state struct {
	name   string
	closes closed // while it is taken
	kills  closed // for good, to those who come with old tokens
	take   func(v *victim)
	give   func(v *victim) // nil: gone for good
}

var states = []state{
	{
		name: "application disabled", closes: everything, kills: itsTokens,
		take: func(v *victim) { v.Must("POST", "/applications/"+v.client.ID+"/disable", nil) },
		give: func(v *victim) { v.Must("POST", "/applications/"+v.client.ID+"/enable", nil) },
	},
	{
		name: "application deleted", closes: everything,
		take: func(v *victim) { v.Must("DELETE", "/applications/"+v.client.ID, nil) },
	},
	{
		name: "secret disabled", closes: everything, kills: itsTokens,
		take: func(v *victim) { v.Must("POST", v.secretPath()+"/disable", nil) },
		give: func(v *victim) { v.Must("POST", v.secretPath()+"/enable", nil) },
	},
	{
		name: "secret deleted", closes: everything,
		take: func(v *victim) { v.Must("DELETE", v.secretPath()+"?force=true", nil) },
	},
	{
		name: "environment disabled", closes: everything, kills: allTokens,
		take: func(v *victim) { v.outside.Must("POST", "/environments/"+v.environment+"/disable", nil) },
		give: func(v *victim) { v.outside.Must("POST", "/environments/"+v.environment+"/enable", nil) },
	},
	{
		name: "API disabled", closes: itsAPI, kills: apiTokens,
		take: func(v *victim) { v.eachAPI("POST", "/disable") },
		give: func(v *victim) { v.eachAPI("POST", "/enable") },
	},
	{
		name: "API deleted", closes: itsAPI,
		take: func(v *victim) { v.eachAPI("DELETE", "") },
	},
	{
		name: "token revoked", closes: itsTokens, kills: itsTokens,
		take: func(v *victim) {
			for _, token := range append(v.tokens, v.manager) {
				if a := v.Form("/oauth2/revoke", v.client, "token", token); a.Status != http.StatusOK {
					v.T.Fatalf("revocation: %d %s", a.Status, a.Text)
				}
			}
		},
		give: func(*victim) {}, // there are other tokens
	},
	{ // the last one, because it moves the clock
		name: "secret expired", closes: everything, kills: itsTokens,
		take: func(v *victim) {
			v.Clock.Move(3 * time.Minute)
			// To a node on PostgreSQL its last word from the ledger is now three minutes old, until the next.
			await(v.T, time.Second, "fresh again", func() bool {
				return v.CallAs(v.manager, "GET", "/api/v1/credentials/self", nil).Status != http.StatusServiceUnavailable
			})
		},
		give: func(v *victim) { v.Must("PATCH", v.secretPath(), housetest.O{"expires_at": nil}) },
	},
}

func (v *victim) secretPath() string { return "/applications/" + v.client.ID + "/secrets/" + v.secret }

func (v *victim) eachAPI(method, verb string) {
	v.T.Helper()
	for _, id := range v.apis {
		v.Must(method, "/apis/"+id+verb, nil)
	}
}

// TestDisabledMeansDisabled takes from a victim what it hangs on, in every state that there is, and tries every way
// in: at once, and again when it has been given back, which brings no old token to life.
func TestDisabledMeansDisabled(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		for _, s := range states {
			t.Run(s.name, func(t *testing.T) { s.prove(h.With(t), nil) })
		}
	})
}

// TestDisabledMeansDisabledOnEveryNode is the same seen from another node, which has five seconds to hear of it.
func TestDisabledMeansDisabledOnEveryNode(t *testing.T) {
	nodes := housetest.Nodes(t, 2)
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) { s.prove(nodes[0].With(t), nodes[1].With(t)) })
	}
}

// slug makes the name of a state one that everything in it can be called by.
func (s *state) slug() string { return strings.ToLower(strings.ReplaceAll(s.name, " ", "-")) }

// prove makes the changes through h and tries the ways in through other, or through h when that is nil.
func (s *state) prove(h, other *housetest.House) {
	h.T.Helper()
	name := s.slug()
	inside, environment := h.NewEnvironment(name)
	v := newVictim(inside, h, environment, name)
	if s.name == "secret expired" {
		v.Must("PATCH", v.secretPath(), housetest.O{"expires_at": v.Clock.Now().Add(2 * time.Minute).Format(time.RFC3339)})
		v.getTokens(name)
	}
	seen, limit := v, time.Duration(0)
	if other != nil {
		limit = register.RefuseAfter
		seen = &victim{House: other.Elsewhere("/"+name, inside.Admin), client: v.client, gateway: v.gateway, tokens: v.tokens, manager: v.manager, bystander: v.bystander}
	}
	seen.try(limit, s.name+", before", none, name)
	s.take(v)
	seen.try(limit, s.name, s.closes, name)
	if s.give == nil {
		return
	}
	s.give(v)
	seen.try(limit, s.name+", given back, with old tokens", s.kills, name)
	v.getTokens(name)
	seen.tokens, seen.manager, seen.bystander = v.tokens, v.manager, v.Token(v.gateway, "scope", name+":quiet")
	seen.try(limit, s.name+", given back, with new tokens", none, name)
}

// try goes every way and wants, within limit, those closed to be refused and the others open.
func (v *victim) try(limit time.Duration, when string, shut closed, name string) {
	v.T.Helper()
	began := time.Now()
	for i, w := range ways {
		in, a := w.try(v, name)
		for ; (in == shut[i] || a.Status >= 500) && time.Since(began) < limit; in, a = w.try(v, name) {
			time.Sleep(2 * time.Millisecond)
		}
		// Refused is not the same as broken, and says no more than that.
		chatty := shut[i] && a.Status == http.StatusOK && a.Text != `{"active":false}`
		if in == shut[i] || a.Status >= 500 || chatty {
			v.T.Errorf("%s: %s answers %d %s", when, w.name, a.Status, a.Text)
		}
	}
}
