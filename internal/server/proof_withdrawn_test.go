package server_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestTokensOfAWithdrawnKeyDieOnEveryNode withdraws the key of tokens whose good signature both nodes remember. The
// answer says that every node has heard, so nothing is waited for.
func TestTokensOfAWithdrawnKeyDieOnEveryNode(t *testing.T) {
	nodes := housetest.Nodes(t, 2)
	here := nodes[0].With(t)
	here.NewAPI("invoices", nil, "invoices:read")
	here.NewAPI("parcels", housetest.O{"token_format": "handle"}, "parcels:read")
	jwts, handles := here.NewApp("jwts", nil, "invoices:read"), here.NewApp("handles", nil, "parcels:read")
	active := func(h *housetest.House, token string) bool { return h.Active(h.Admin, token) }
	handle := here.Token(handles)
	for range 3 {
		here := nodes[0].With(t) // which asks for a new administrator's token: the one before died with its key
		kid, next := keyIn(here, "active"), keyIn(here, "next")
		token, manager := here.Token(jwts), here.Token(here.Admin)
		for _, h := range nodes {
			for range 2 { // the second time the signature is not checked again
				if !active(h, token) || h.CallAs(manager, "GET", "/api/v1/credentials/self", nil).Status != http.StatusOK {
					t.Fatal("a good token is refused")
				}
			}
		}
		a := here.CallAs(manager, "POST", "/api/v1/keys/"+kid+"/withdraw", nil)
		if a.Status != http.StatusOK || a.Header.Get(propagated) != "true" || a.JSON["propagated"] != true || len(a.JSON["changes"].([]any)) != 3 {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		for i, h := range nodes {
			if active(h, token) {
				t.Errorf("node %d: a token of the withdrawn key is active", i)
			}
			if a := h.CallAs(manager, "GET", "/api/v1/credentials/self", nil); a.Status != http.StatusUnauthorized {
				t.Errorf("node %d: a token of the withdrawn key opens the management API: %d", i, a.Status)
			}
			if !active(h, handle) {
				t.Errorf("node %d: a handle died with a signing key", i)
			}
			fresh, keys := h.Token(jwts), keySet(h)
			if len(keys.Key(kid)) != 0 {
				t.Errorf("node %d: the withdrawn key is published", i)
			}
			if got := verifiedBy(t, keys, fresh); got != next {
				t.Errorf("node %d: a new token is signed with %s, not with what was next, %s", i, got, next)
			}
			for j, other := range nodes {
				if !active(other, fresh) {
					t.Errorf("a new token of node %d is inactive on node %d", i, j)
				}
			}
		}
		wantWithdrawal(nodes[0].With(t), kid)
	}
}

// keySet returns the published keys as a foreign library reads them.
func keySet(h *housetest.House) (keys jose.JSONWebKeySet) {
	h.T.Helper()
	if err := json.Unmarshal([]byte(h.Send(h.Request("GET", "/oauth2/jwks", nil)).Text), &keys); err != nil {
		h.T.Fatal(err)
	}
	return keys
}

// verifiedBy returns the kid of the published key that a token verifies by.
func verifiedBy(t *testing.T, keys jose.JSONWebKeySet, token string) string {
	t.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	kid := signed.Signatures[0].Header.KeyID
	for _, key := range keys.Key(kid) {
		if _, err := signed.Verify(key); err == nil {
			return kid
		}
	}
	t.Errorf("no published key verifies what %s signed", kid)
	return ""
}

func wantWithdrawal(h *housetest.House, kid string) {
	h.T.Helper()
	events := h.Must("GET", "/ledger/events?order=desc&limit=1&subject="+kid, nil).JSON["items"].([]any)
	if len(events) != 1 || events[0].(housetest.O)["kind"] != "key.withdrawn" {
		h.T.Errorf("the ledger says %v", events)
	}
}
