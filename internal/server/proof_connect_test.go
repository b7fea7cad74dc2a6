package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestKillSwitchOfConnectionsIsPropagated switches off on one node and asks the other one, whose token is in memory.
func TestKillSwitchOfConnectionsIsPropagated(t *testing.T) {
	p := newPair(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	// A system whose tokens its client makes by itself, so that there is nobody to call.
	p.here.Must("POST", "/connect/connectors", housetest.O{"name": "data", "provider": "snowflake"})
	at := "/connect/connections/" + p.here.Must("POST", "/connect/connections", housetest.O{
		"connector": "data", "check": false, "values": housetest.O{
			"account": "ACME-PROD1", "username": "SOMEBODY", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		},
	}).String("id")
	for range 5 {
		for _, what := range []struct{ off, on string }{
			{at + "/disable", at + "/enable"},
			{"/connect/connectors/data/disable", "/connect/connectors/data/enable"},
			{"/connect/providers/snowflake/stop", "/connect/providers/snowflake/resume"},
		} {
			p.there.Must("GET", at+"/token", nil)
			if p.here.Must("POST", what.off, nil).Header.Get(propagated) != "true" {
				t.Fatalf("%s does not propagate", what.off)
			}
			if a := p.there.Call("GET", at+"/token", nil); a.Status != 409 {
				t.Errorf("after %s: %d", what.off, a.Status)
			}
			p.here.Must("POST", what.on, nil)
		}
	}
	p.there.Must("GET", at+"/token", nil)
	if p.here.Must("DELETE", at, nil, "If-Match", "*").Header.Get(propagated) != "true" {
		t.Fatal("the deletion does not propagate")
	}
	if a := p.there.Call("GET", at+"/token", nil); a.Status != 404 {
		t.Errorf("deleted: %d", a.Status)
	}
}
