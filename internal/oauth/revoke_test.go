package oauth_test

import (
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// revoked fails the test unless a is the one answer there is to a revocation.
func revoked(t *testing.T, a *Answer) {
	t.Helper()
	if a.Status != http.StatusOK || a.Text != "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", a.Status, a.Text, a.Header)
	}
}

func TestClientRevokesItsOwnTokenAndNoOther(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		jwt, handle := furnish(h)
		for _, c := range []Client{jwt, handle} {
			first, second := h.Token(c), h.Token(c)
			revoked(t, h.Form("/oauth2/revoke", c, "token", first))
			if h.Active(c, first) || h.Active(h.Admin, first) {
				t.Error("a revoked token is active")
			}
			if !h.Active(c, second) {
				t.Error("another token of the client was revoked with it")
			}
			revoked(t, h.Form("/oauth2/revoke", c, "token", first)) // again
			// Hints change nothing, right or wrong.
			revoked(t, h.Form("/oauth2/revoke", c, "token", second, "token_type_hint", "refresh_token"))
			if h.Active(c, second) {
				t.Error("a wrong hint kept a token alive")
			}
		}
	})
}

func TestForeignAndUnknownTokensAreLeftAlone(t *testing.T) {
	h := housetest.Start(t)
	jwt, handle := furnish(h)
	gateway := h.NewApp("gateway", O{"introspects": []string{"invoices"}}, "tokens:revoke")
	own, foreign := h.Token(handle), h.Token(jwt)
	for _, as := range []Client{handle, gateway, h.Admin} { // to see a token is not to own it
		revoked(t, h.Form("/oauth2/revoke", as, "token", foreign))
	}
	for _, token := range []string{"x", "cft_", "cft_" + own[4:60], own + "A", foreign + ".", "a.b.c", strings.Repeat(".", 30_000), "\x00\xff"} {
		revoked(t, h.Form("/oauth2/revoke", handle, "token", token))
	}
	b := newPlace(h, "acme")
	stranger := b.furnish("invoices", nil)
	revoked(t, h.Form(b.path("/oauth2/revoke"), stranger, "token", foreign))
	revoked(t, h.Form("/oauth2/revoke", jwt, "token", b.token(stranger)))
	if !h.Active(jwt, foreign) || !h.Active(handle, own) {
		t.Error("a token was revoked by somebody it does not belong to")
	}
	refused(t, h.Form("/oauth2/revoke", jwt), 400, "invalid_request")
	refused(t, h.Form("/oauth2/revoke", Client{ID: jwt.ID, Secret: "guess"}, "token", foreign), 401, "invalid_client")
}

func TestRevokingInParallelIsRevokingOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		c, _ := furnish(h)
		token := h.Token(c)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { revoked(t, h.Form("/oauth2/revoke", c, "token", token)) })
		}
		all.Wait()
		if h.Active(c, token) {
			t.Error("the token is active")
		}
		events := 0
		for _, e := range h.Must("GET", "/ledger/events?limit=200&order=desc", nil).JSON["items"].([]any) {
			if e.(map[string]any)["kind"] == "token.revoked" {
				events++
			}
		}
		if events != 1 {
			t.Errorf("the ledger has %d revocations", events)
		}
	})
}

func TestRevocationOutlivesTheProcess(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		root := filepath.Join(t.TempDir(), "root.key")
		var admin Client
		var jwt, dead, alive string
		t.Run("before", func(t *testing.T) {
			h := housetest.StartOn(t, dsn, root, &housetest.Clock{}, nil)
			c, sealed := furnish(h)
			admin, jwt, dead, alive = h.Admin, h.Token(c), h.Token(sealed), h.Token(sealed)
			revoked(t, h.Form("/oauth2/revoke", sealed, "token", dead))
		})
		t.Run("after", func(t *testing.T) {
			h := housetest.StartOn(t, dsn, root, &housetest.Clock{}, nil)
			if h.Active(admin, dead) {
				t.Error("a revoked token lives again")
			}
			if !h.Active(admin, alive) {
				t.Error("a token died with the process that made it")
			}
			// The base URL is another one now, and with it the issuer: a JWT of the former one is not ours.
			if h.Active(admin, jwt) {
				t.Error("a token of another issuer is active")
			}
		})
	})
}

// Above 1,000 live revocations of one credential its epoch is raised instead: all its tokens die, the rows do not
// grow, and the credential goes on.
func TestRevokingWithoutEndEndsAllTokensOfTheCredential(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)
		c, other := furnish(h)
		kept, last, foreign := h.Token(c), h.Token(c), h.Token(other)
		credential := h.Introspect(c, kept).String("credential_id")
		home := h.Must("GET", "/environments", nil).JSON["items"].([]any)[0].(map[string]any)["id"].(string)
		raw := open(t, dsn)
		for range 999 {
			var jti [16]byte
			_, _ = rand.Read(jti[:])
			if _, err := raw.Exec(`INSERT INTO revoked_token (environment_id, jti, credential_id, expires_at) VALUES ($1, $2, $3, $4)`,
				home, base64.RawURLEncoding.EncodeToString(jti[:]), credential, time.Now().Add(time.Hour).UnixMicro()); err != nil {
				t.Fatal(err)
			}
		}
		revoked(t, h.Form("/oauth2/revoke", c, "token", h.Token(c)))
		if !h.Active(c, kept) {
			t.Fatal("the thousandth revocation ended other tokens")
		}
		revoked(t, h.Form("/oauth2/revoke", c, "token", last))
		if h.Active(c, last) || h.Active(c, kept) {
			t.Error("a token of the credential is active")
		}
		if !h.Active(other, foreign) {
			t.Error("a token of another credential died")
		}
		if !h.Active(c, h.Token(c)) {
			t.Error("the credential gives no good tokens any more")
		}
		var rows int
		if err := raw.QueryRow(`SELECT count(*) FROM revoked_token`).Scan(&rows); err != nil || rows != 1000 {
			t.Errorf("%d rows, %v", rows, err)
		}
	})
}

// open opens a house's database behind its back.
func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if db.IsPostgreSQL(dsn) {
		driver = "pgx"
	} else {
		dsn = "file:" + dsn + "?_pragma=busy_timeout(5000)&_txlock=immediate"
	}
	raw, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}
