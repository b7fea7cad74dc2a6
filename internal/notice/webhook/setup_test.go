package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// clock is the real time and how far a test has moved it.
type clock struct {
	mu    sync.Mutex
	moved time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// post is a way out without guards, for receivers on loopback.
type post struct{ client *http.Client }

func (p post) CheckURL(_ context.Context, url string) error {
	if strings.Contains(url, "forbidden") {
		return fault.New(fault.Invalid, "the address is inside the network")
	}
	return nil
}

func (p post) Post(ctx context.Context, url string, header map[string]string, body []byte) (int, []byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range header {
		q.Header.Set(name, value)
	}
	a, err := p.client.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	excerpt, err := io.ReadAll(io.LimitReader(a.Body, 4096))
	return a.StatusCode, excerpt, err
}

// house is an installation with webhooks.
type house struct {
	*roomtest.Rooms
	*webhook.Authority
	clock *clock
	actor access.Actor
}

func each(t *testing.T, test func(h *house)) {
	t.Helper()
	c := &clock{}
	dbtest.EachAt(t, c.now, func(t *testing.T, d *db.DB) { test(found(t, d, c)) })
}

func found(t *testing.T, d *db.DB, c *clock) *house {
	t.Helper()
	r := roomtest.Found(t, d, filepath.Join(t.TempDir(), "root.key"))
	h := &house{Rooms: r, clock: c, Authority: authority(d, r.Vault, "one")}
	h.actor = r.Actor(access.ReadWebhooks, access.WriteWebhooks, access.ReadLedger)
	h.actor.Expires = time.Time{}
	return h
}

func authority(d *db.DB, v *seal.Vault, node string) *webhook.Authority {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return webhook.New(webhook.Options{DB: d, Vault: v, Sender: post{client}, Node: node, Plain: true})
}

// hook makes an endpoint.
func (h *house) hook(url string, kinds ...string) (made *webhook.Endpoint, secret string) {
	h.Helper()
	checked, err := h.CheckURL(h.Context(), url)
	if err != nil {
		h.Fatal(err)
	}
	h.Write(func(tx *db.Tx) error {
		e, s, err := h.Create(tx, &h.actor, webhook.Spec{URL: checked, Kinds: kinds})
		made, secret = e, s.Reveal()
		return err
	})
	return made, secret
}

// happen appends one event per subject, each in a transaction of its own.
func (h *house) happen(kind string, subjects ...string) {
	h.Helper()
	for _, subject := range subjects {
		h.Write(func(tx *db.Tx) error {
			ledger.Append(tx, ledger.System, ledger.Event{
				Environment: h.Home.ID, Kind: kind, Subject: ledger.Subject{Kind: "thing", ID: subject}, After: map[string]string{"name": subject},
			})
			return nil
		})
	}
}

func (h *house) serve() {
	h.Helper()
	if err := h.Deliver(h.Context()); err != nil {
		h.Fatal(err)
	}
}

func (h *house) deliveries(id uuid.UUID, state webhook.State) (all []webhook.Delivery) {
	h.Helper()
	h.Write(func(tx *db.Tx) (err error) {
		all, err = webhook.Deliveries(tx, &h.actor, id, webhook.Filter{State: state})
		return err
	})
	return all
}

func (h *house) endpoint(id uuid.UUID) (e *webhook.Endpoint) {
	h.Helper()
	h.Write(func(tx *db.Tx) (err error) {
		e, err = webhook.Get(tx, &h.actor, id)
		return err
	})
	return e
}

// message is what a receiver got.
type message struct {
	id, signature, stamp string
	text                 string
	body                 struct {
		Type string
		Data struct {
			Event   int64
			Batch   *struct{ LastEvent, Events int64 }
			Subject struct{ Kind, ID string }
			Erased  bool
		}
	}
}

// receiver is a real HTTP server that takes notes. The status that decide returns is its answer.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []message // what it answered with 2xx
	tries  int
	decide func(m message) int
	heard  chan struct{} // gets a word after every message, unless it is full
}

func receive(t *testing.T, decide func(m message) int) *receiver {
	r := &receiver{decide: decide, heard: make(chan struct{}, 10_000)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		m := message{id: q.Header.Get("webhook-id"), signature: q.Header.Get("webhook-signature"), stamp: q.Header.Get("webhook-timestamp"), text: string(body)}
		if err := json.Unmarshal(body, &m.body); err != nil {
			t.Errorf("the body %q: %v", body, err)
		}
		status := http.StatusOK
		if r.decide != nil {
			status = r.decide(m)
		}
		r.mu.Lock()
		r.tries++
		if status < 300 {
			r.got = append(r.got, m)
		}
		r.mu.Unlock()
		r.heard <- struct{}{}
		if status == http.StatusFound {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, "I said ", status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.got...)
}

// wait returns once the receiver has taken n messages.
func (r *receiver) wait(t *testing.T, n int) {
	t.Helper()
	late := time.After(30 * time.Second)
	for len(r.messages()) < n {
		select {
		case <-r.heard:
		case <-late:
			t.Fatalf("%d messages arrived in half a minute, want %d", len(r.messages()), n)
		}
	}
}

// verified fails the test unless messages are complete, signed with one of the secrets and in order per subject.
func verified(t *testing.T, messages []message, secret string) (subjects map[string]int) {
	t.Helper()
	subjects, last, ids := map[string]int{}, map[string]int64{}, map[string]bool{}
	for _, m := range messages {
		if !signedBy(m, secret) {
			t.Errorf("event %d: the signature %q is wrong", m.body.Data.Event, m.signature)
		}
		subject := m.body.Data.Subject.ID
		if m.body.Data.Event <= last[subject] {
			t.Errorf("%s: event %d came after %d", subject, m.body.Data.Event, last[subject])
		}
		if ids[m.id] {
			t.Errorf("%s arrived twice", m.id)
		}
		ids[m.id] = true
		last[subject] = m.body.Data.Event
		subjects[subject]++
	}
	return subjects
}

// signedBy is a verification after the text of the Standard Webhooks specification.
func signedBy(m message, secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(m.id + "." + m.stamp + "." + m.text))
	want := mac.Sum(nil)
	for one := range strings.SplitSeq(m.signature, " ") {
		version, text, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}
