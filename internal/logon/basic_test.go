package logon_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/logon"
)

const someID = "0b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d"

func header(userinfo string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))
}

func TestOnlyTheWordBasicIsBasic(t *testing.T) {
	for text, want := range map[string]bool{
		header("a:b"): true, "basic  YTpi": true, "BASIC YTpi": true, "Basic": false, "Bearer YTpi": false, "Basic\tYTpi": false, "": false, " Basic YTpi": false,
		"Ba\u017fic YTpi": false, // a long s folds to an s
	} {
		if logon.IsBasic(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestReadingAllocatesNothingTheSecondTime(t *testing.T) {
	var p logon.Presented
	text := header(someID + ":cfs_abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl")
	if n := testing.AllocsPerRun(100, func() {
		p.Reset(access.FamilyOpenID)
		if _, ok := p.ReadBasic(text); !ok || !p.Known || p.Door != access.FamilyOpenID {
			t.Fatal("not read")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// What net/http reads, this reads too; and what a client form-encoded comes back as it was.
func FuzzReadBasic(f *testing.F) {
	for _, seed := range []string{"secret", "50% of all", "a+b c:d", "%41%zz", "\x00\xff", ""} {
		f.Add(seed, header(someID+":"+seed))
	}
	f.Fuzz(func(t *testing.T, secret, text string) {
		var p logon.Presented
		if _, ok := p.ReadBasic(header(url.QueryEscape(someID) + ":" + url.QueryEscape(secret))); !ok || !p.Known {
			t.Fatal("not read")
		}
		if !bytes.Equal(p.Readings[0], []byte(secret)) && (p.Readings[0] != nil || string(p.Readings[1]) != secret) {
			t.Fatalf("%q is read as %q and %q", secret, p.Readings[0], p.Readings[1])
		}
		p.Reset(access.FamilyOpenID)
		_, ok := p.ReadBasic(text)
		r := &http.Request{Header: http.Header{"Authorization": {text}}}
		if _, want, theirs := r.BasicAuth(); ok && theirs && string(p.Readings[1]) != want {
			t.Fatalf("%q: %q, net/http reads %q", text, p.Readings[1], want)
		}
	})
}
