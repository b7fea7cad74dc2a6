package verify_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/client/verify"
)

func introspection(t *testing.T, i *issuer, c *clock, change func(*verify.IntrospectionOptions)) *verify.Introspection {
	t.Helper()
	o := verify.IntrospectionOptions{
		Issuer: i.URL, Audience: audience, ClientID: "gateway", ClientSecret: client.NewSecret("hush"), Now: c.Now,
	}
	if change != nil {
		change(&o)
	}
	v, err := verify.NewIntrospection(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// activate makes the issuer answer yes to a token, with changes to the answer.
func (i *issuer) activate(token string, changes map[string]any) {
	answer := i.claims(changes)
	answer["active"] = true
	i.mu.Lock()
	defer i.mu.Unlock()
	i.active[token] = answer
}

func (i *issuer) deactivate(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.active, token)
}

func TestRevocationIsSeenWhenTheCachedAnswerEnds(t *testing.T) {
	i, c := newIssuer(t), &clock{}
	v := introspection(t, i, c, nil)
	i.activate("cft_good", nil)
	for range 10 {
		got, err := v.Verify(t.Context(), "cft_good")
		if err != nil || got.ClientID != "app" || !got.May("invoices:write") {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if n := i.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	if i.caller != "gateway" {
		t.Errorf("asked as %q", i.caller)
	}
	i.deactivate("cft_good")
	c.advance(5 * time.Second)
	if _, err := v.Verify(t.Context(), "cft_good"); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestRefusalIsNeverCached(t *testing.T) {
	i, c := newIssuer(t), &clock{}
	v := introspection(t, i, c, nil)
	for range 2 {
		if _, err := v.Verify(t.Context(), "cft_late"); !errors.Is(err, verify.ErrInvalid) {
			t.Fatalf("got %v, want ErrInvalid", err)
		}
	}
	i.activate("cft_late", nil)
	if _, err := v.Verify(t.Context(), "cft_late"); err != nil {
		t.Errorf("after it became active: %v", err)
	}
}

func TestCachedAnswerEndsWithTheToken(t *testing.T) {
	i, c := newIssuer(t), &clock{}
	v := introspection(t, i, c, nil)
	i.activate("cft_short", map[string]any{"exp": time.Now().Add(2 * time.Second).Unix()})
	if _, err := v.Verify(t.Context(), "cft_short"); err != nil {
		t.Fatal(err)
	}
	c.advance(3 * time.Second)
	if _, err := v.Verify(t.Context(), "cft_short"); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestAnswersForOthersAreRefused(t *testing.T) {
	i := newIssuer(t)
	v := introspection(t, i, &clock{}, nil)
	for name, changes := range map[string]map[string]any{
		"another audience": {"aud": "https://other.example"},
		"no audience":      {"aud": nil},
		"another issuer":   {"iss": "https://evil.example"},
		"expired":          {"exp": time.Now().Add(-time.Second).Unix()},
		"no expiry":        {"exp": nil},
	} {
		i.activate("cft_x", changes)
		if _, err := v.Verify(t.Context(), "cft_x"); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func TestIssuerAwayIsNotARefusal(t *testing.T) {
	i, c := newIssuer(t), &clock{}
	v := introspection(t, i, c, nil)
	i.activate("cft_good", nil)
	if _, err := v.Verify(t.Context(), "cft_good"); err != nil {
		t.Fatal(err)
	}
	i.away.Store(true)
	if _, err := v.Verify(t.Context(), "cft_good"); err != nil {
		t.Errorf("within the cached answer: %v", err)
	}
	c.advance(5 * time.Second)
	if _, err := v.Verify(t.Context(), "cft_good"); !errors.Is(err, verify.ErrUnavailable) {
		t.Errorf("after it: got %v, want ErrUnavailable", err)
	}
}

func TestFullCacheGoesOnWorking(t *testing.T) {
	i, c := newIssuer(t), &clock{}
	v := introspection(t, i, c, func(o *verify.IntrospectionOptions) { o.CacheSize = 2 })
	for n := range 20 {
		token := fmt.Sprintf("cft_%d", n)
		i.activate(token, map[string]any{"jti": token})
		got, err := v.Verify(t.Context(), token)
		if err != nil || got.ID != token {
			t.Fatalf("%s: got %+v, %v", token, got, err)
		}
	}
	i.asked.Store(0)
	for n := range 20 {
		if _, err := v.Verify(t.Context(), fmt.Sprintf("cft_%d", n)); err != nil {
			t.Fatal(err)
		}
	}
	if n := i.asked.Load(); n < 18 {
		t.Errorf("%d of 20 answers were remembered in a cache of 2", 20-n)
	}
}

func TestNegativeTTLAsksEveryTime(t *testing.T) {
	i := newIssuer(t)
	v := introspection(t, i, &clock{}, func(o *verify.IntrospectionOptions) { o.CacheTTL = -1 })
	i.activate("cft_good", nil)
	for range 3 {
		if _, err := v.Verify(t.Context(), "cft_good"); err != nil {
			t.Fatal(err)
		}
	}
	if n := i.asked.Load(); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
}

func TestConcurrentQuestionsAboutOneTokenGetOneAnswer(t *testing.T) {
	i := newIssuer(t)
	v := introspection(t, i, &clock{}, nil)
	i.activate("cft_good", nil)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := v.Verify(t.Context(), "cft_good"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := i.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}
