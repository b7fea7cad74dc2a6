package token_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/token"
)

var scopes = []string{"invoices:read invoices:write", "parcels:read parcels:write"}

func TestBothFormatsCarryTheSame(t *testing.T) {
	each(t, func(o *office) {
		for _, scope := range scopes {
			text := o.mint(scope)
			x := o.examine(text)
			if x.Refusal != access.Admitted || x.Claims.Application != o.app || x.Claims.Credential != o.secret ||
				x.Claims.IssuedAt != o.now.Unix() || x.Claims.Expires != o.now.Unix()+600 || x.Client.ID != o.app || x.Credential.ID != o.secret {
				o.Errorf("%s: %+v", text, x)
			}
			if names := o.register.Home().Catalogue.Names(x.Claims.Permissions); strings.Join(names, " ") != scope {
				o.Errorf("carries %v, want %s", names, scope)
			}
			if !slices.Equal(x.Permissions(nil), x.Claims.Permissions) {
				o.Errorf("may do %v of %v", x.Permissions(nil), x.Claims.Permissions)
			}
		}
	})
}

func TestTokenSaysWhyItIsRefused(t *testing.T) {
	each(t, func(o *office) {
		for i, scope := range scopes {
			api := []func(*db.Tx, bool) error{
				func(tx *db.Tx, on bool) error { _, err := access.SetAPIEnabled(tx, &o.operator, o.jwt, on); return err },
				func(tx *db.Tx, on bool) error {
					_, err := access.SetAPIEnabled(tx, &o.operator, o.handle, on)
					return err
				},
			}[i]
			for _, step := range []struct {
				off, on func(*db.Tx) error
				want    access.Refusal
			}{
				{func(tx *db.Tx) error { return api(tx, false) }, func(tx *db.Tx) error { return api(tx, true) }, access.APIDisabled},
				{
					func(tx *db.Tx) error { _, err := application.SetEnabled(tx, &o.operator, o.app, false); return err },
					func(tx *db.Tx) error { _, err := application.SetEnabled(tx, &o.operator, o.app, true); return err }, access.ApplicationDisabled,
				},
				{
					func(tx *db.Tx) error {
						_, err := credential.SetEnabled(tx, &o.operator, o.app, o.secret, false)
						return err
					},
					func(tx *db.Tx) error {
						_, err := credential.SetEnabled(tx, &o.operator, o.app, o.secret, true)
						return err
					}, access.CredentialDisabled,
				},
			} {
				text := o.mint(scope)
				o.write(step.off)
				if x := o.examine(text); x.Refusal != step.want {
					o.Errorf("%s: %s, want %s", scope, x.Refusal, step.want)
				}
				o.write(step.on)
				if x := o.examine(text); x.Refusal != access.Superseded {
					o.Errorf("%s, enabled again: %s", scope, x.Refusal)
				}
			}
			text := o.mint(scope)
			for at, want := range map[time.Duration]access.Refusal{599 * time.Second: access.Admitted, 600 * time.Second: access.TokenExpired, 1e6 * time.Hour: access.TokenExpired} {
				var x token.Examined
				api := o.register.Home().Catalogue.API(o.examine(text).Claims.API)
				if err := o.register.Fresh(o.now.Add(at), api); err != nil {
					continue // a node that has not heard for a hundred years says nothing
				}
				if err := o.tokens.Examine(o.Context(), o.register.Home(), []byte(text), o.now.Add(at).Truncate(time.Second), &x); err != nil || x.Refusal != want {
					o.Errorf("%s after %s: %s, %v", scope, at, x.Refusal, err)
				}
			}
			o.write(func(tx *db.Tx) error {
				return token.Revoke(tx, o.operator.Who(), o.operator.Environment, &o.examine(text).Claims)
			})
			if x := o.examine(text); x.Refusal != access.TokenRevoked {
				o.Errorf("%s: revoked, and yet %s", scope, x.Refusal)
			}
		}
		text := o.mint(scopes[0])
		o.write(func(tx *db.Tx) error { return access.DeleteAPI(tx, &o.operator, o.jwt, 0) })
		if x := o.examine(text); x.Refusal != access.Unknown {
			o.Errorf("of a deleted API: %s", x.Refusal)
		}
		text = o.mint(scopes[1])
		o.write(func(tx *db.Tx) error { return credential.Delete(tx, &o.operator, o.app, o.secret, 0, true) })
		if x := o.examine(text); x.Refusal != access.Unknown {
			o.Errorf("of a deleted credential: %s", x.Refusal)
		}
	})
}

// Two texts are never the same token. The decoder passes over line breaks, which was once enough to break that.
func TestHandleHasOneSpelling(t *testing.T) {
	o := open(t, dbtest.SQLite(t))
	text := o.mint(scopes[1])
	body := text[len(token.HandlePrefix):]
	sealed, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"line break": body[:40] + "\n" + body[40:], "carriage return": body + "\r", "many": "\r\n\r\n" + body, "padding": body + "=", "padding twice": body + "==",
		"standard alphabet": base64.RawStdEncoding.EncodeToString(append([]byte{0xff, 0xff}, sealed...)), "space": body + " ",
	} {
		if x := o.examine(token.HandlePrefix + other); x.Refusal != access.Malformed {
			t.Errorf("%s: %s", name, x.Refusal)
		}
	}
}

// What was found out about one token is gone when the next is examined with the same memory.
func TestNothingOfOneTokenIsLeftForTheNext(t *testing.T) {
	o := open(t, dbtest.SQLite(t))
	var x token.Examined
	for _, text := range []string{o.mint(scopes[0]), "rubbish", o.mint(scopes[1]), "cft_rubbish", o.mint("invoices:read"), strings.Repeat(".", token.MaxLength+1), ""} {
		if err := o.tokens.Examine(t.Context(), o.register.Home(), []byte(text), o.now, &x); err != nil {
			t.Fatal(err)
		}
		good := len(text) > 100 && len(text) < token.MaxLength
		if (x.Refusal == access.Admitted) != good || (x.API != nil) != good || (x.Credential != nil) != good {
			t.Errorf("%.20q: %s, %v, %v", text, x.Refusal, x.API, x.Credential)
		}
		if good && len(x.Permissions(nil)) != len(x.Claims.Permissions) {
			t.Errorf("%.20q: %v", text, x.Claims.Permissions)
		}
	}
}

// A token that names a life which this node has not heard of is not refused for being ahead.
func TestEpochAheadOfTheNodeIsNoReasonToRefuse(t *testing.T) {
	o := open(t, dbtest.SQLite(t))
	e := o.register.Home()
	var client register.Client
	if _, err := o.register.Client(t.Context(), e, o.app, &client); err != nil {
		t.Fatal(err)
	}
	client.Epoch += 5
	grant, _ := e.Catalogue.Attenuate(access.Asked{Application: client.Permissions, Scope: scopes[0]})
	text, _, err := o.tokens.Mint(nil, &token.Minting{Client: &client, With: client.Candidate(o.secret), Grant: grant}, o.now)
	if err != nil {
		t.Fatal(err)
	}
	if x := o.examine(string(text)); x.Refusal != access.Admitted {
		t.Errorf("%s", x.Refusal)
	}
}

// Whatever is done to a token, it is dead, unless it is the token.
func FuzzExamine(f *testing.F) {
	o := open(f, dbtest.SQLite(f))
	known := map[string]bool{}
	for _, scope := range append(slices.Clone(scopes), "invoices:read", "parcels:read") {
		text := o.mint(scope)
		known[text] = true
		f.Add([]byte(text))
		header, rest, _ := strings.Cut(text, ".")
		f.Add([]byte(header + "." + rest[:len(rest)/2] + "."))
		f.Add([]byte(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt","kid":"x"}`)) + "." + rest))
	}
	for _, seed := range []string{"", ".", "..", "...", "cft_", "cft_AAAAAQ", "a.b.c", "cft_" + strings.Repeat("A", 300)} {
		f.Add([]byte(seed))
	}
	e := o.register.Home()
	var x token.Examined
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := o.tokens.Examine(t.Context(), e, text, o.now, &x); err != nil {
			t.Fatal(err)
		}
		if x.Refusal == access.Admitted && !known[string(text)] {
			t.Fatalf("accepted: %q", text)
		}
		if known[string(text)] && x.Refusal != access.Admitted {
			t.Fatalf("%s: %q", x.Refusal, text)
		}
	})
}

// A stolen handle key must not open the management API, whose own tokens are JWTs.
func TestManagementAPITakesNoHandle(t *testing.T) {
	o := open(t, dbtest.SQLite(t))
	e := o.register.Home()
	var client register.Client
	if _, err := o.register.Client(t.Context(), e, o.app, &client); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[access.Format]access.Refusal{access.JWT: access.Admitted, access.Handle: access.Malformed} {
		api := *e.Management
		api.Format = format
		text, _, err := o.tokens.Mint(nil, &token.Minting{Client: &client, With: client.Candidate(o.secret), Grant: access.Grant{API: &api}}, o.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.examine(string(text)).Refusal; got != want {
			t.Errorf("a %s is %q, want %q", format, got, want)
		}
	}
}
