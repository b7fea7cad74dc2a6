package logon_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
)

// The model is what an administrator is told about applications, credentials, tokens and locks, in plain words: times
// and yes or no, no epochs, no gate. It shares nothing with the program but names.

// means is what a credential is proven with.
type means string

const (
	generated   means = "generated secret"
	picked      means = "chosen secret"
	foreign     means = "imported secret"
	certificate means = "certificate"
	jwtKey      means = "jwt key"
	trust       means = "federated trust"
)

func (m means) secret() bool { return m == generated || m == picked || m == foreign }

// modelApp is an application. Counts are by network, and the client's own under "".
type modelApp struct {
	id      uuid.UUID
	enabled bool
	policy  string // lock policy
	methods []string
	counts  map[string]*modelCount
	told    time.Time // when the ledger heard of a lock
	creds   []*modelCred
}

type modelCount struct {
	failures    int
	last, until time.Time
}

type modelCred struct {
	app    *modelApp
	id     uuid.UUID
	means  means
	kept   bool // the secret can be seen again, so it can sign
	secret string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	single bool // of a trust: each token counts once
	used   []byte

	created, notBefore, expires time.Time
	doors                       []string // API families; nil: all
	only                        string   // the one permission; empty: all of the application's
	networks                    []netip.Prefix
	enabled, gone               bool
	replaces                    *modelCred
	grace                       time.Duration // of the one that it replaces, from its first use; negative: none
}

type modelToken struct {
	cred  *modelCred
	text  []byte
	ends  int64 // seconds since 1970
	doors []string
	dead  bool // for good
	asked int  // how often it was asked about since its credential is gone
}

func (c *modelCred) String() string { return fmt.Sprintf("%s %s", c.means, c.id) }

func (c *modelCred) over(now time.Time) bool { return !c.expires.IsZero() && !now.Before(c.expires) }

func (c *modelCred) usable(now time.Time) bool {
	return c.enabled && !c.over(now) && !now.Before(c.notBefore)
}

// kept out says why somebody who proved the credential is refused all the same; empty if not.
func (c *modelCred) keptOut(now time.Time, door string, from netip.Addr) string {
	inside := len(c.networks) == 0 || slices.ContainsFunc(c.networks, func(p netip.Prefix) bool { return p.Contains(from) })
	switch {
	case !c.app.enabled:
		return "application_disabled"
	case !c.enabled:
		return "credential_disabled"
	case now.Before(c.notBefore):
		return "credential_not_yet_valid"
	case c.over(now):
		return "credential_expired"
	case c.doors != nil && !slices.Contains(c.doors, door):
		return "family_missing"
	case !inside:
		return "network_not_allowed"
	}
	return ""
}

// alive says whether a token is good now.
func (t *modelToken) alive(now time.Time) bool {
	return !t.dead && !t.cred.gone && t.cred.app.enabled && t.cred.usable(now) && now.Unix() < t.ends
}

// end kills every token of a credential for good.
func (l *life) end(c *modelCred) {
	for _, t := range l.tokens {
		if t.cred == c {
			t.dead = true
		}
	}
}

// retire gives a credential its last moment. One that ends at once takes its tokens along.
func (l *life) retire(c *modelCred, at time.Time) {
	if !at.After(l.now()) {
		l.end(c)
	}
	if c.expires.IsZero() || at.Before(c.expires) {
		c.expires = at
	}
}

// live are the credentials that were not deleted.
func (a *modelApp) live() (all []*modelCred) {
	for _, c := range a.creds {
		if !c.gone {
			all = append(all, c)
		}
	}
	return all
}

func (a *modelApp) guessable() (n int) {
	for _, c := range a.live() {
		if c.means == picked || c.means == foreign {
			n++
		}
	}
	return n
}

const (
	lockedFor = time.Hour
	tooMany   = 5
)

func (m *modelCount) locked(now time.Time) bool { return m != nil && m.until.After(now) }

// seen is what administrators are shown.
func (m *modelCount) seen(now time.Time) int {
	if !m.locked(now) && (!m.until.IsZero() || now.Sub(m.last) >= lockedFor) {
		return 0
	}
	return m.failures
}

// where is what failures from an address count under.
func (a *modelApp) where(from netip.Addr) string {
	if a.policy == "client+network" {
		return network(from)
	}
	return ""
}

func network(from netip.Addr) string { return netip.PrefixFrom(from, 24).Masked().String() }

func (a *modelApp) locked(now time.Time, from netip.Addr) bool {
	return a.counts[""].locked(now) || a.counts[network(from)].locked(now)
}

// fail counts a wrong secret.
func (l *life) fail(a *modelApp, from netip.Addr, possible bool) {
	now := l.now()
	if a.policy == "off" || a.policy == "client+network" && !possible && a.guessable() == 0 || a.locked(now, from) {
		return
	}
	m := a.counts[a.where(from)]
	if m == nil {
		m = &modelCount{}
		a.counts[a.where(from)] = m
	}
	if !m.until.IsZero() || now.Sub(m.last) >= lockedFor {
		m.failures, m.until = 0, time.Time{}
	}
	m.failures++
	m.last = now
	if m.failures == tooMany {
		m.until = now.Add(lockedFor)
		if now.Sub(a.told) >= lockedFor {
			a.told = now
			l.expect("application", a.id.String(), "application.locked")
		}
	}
}

// forgive takes back what a right secret proves to have been slips.
func (l *life) forgive(c *modelCred, from netip.Addr) {
	others := c.app.guessable()
	slips := others == 0 || others == 1 && (c.means == picked || c.means == foreign)
	if m := c.app.counts[c.app.where(from)]; slips && c.app.policy != "off" && m != nil && !m.locked(l.now()) {
		m.failures, m.until = 0, time.Time{}
	}
}

// firstUse is what follows the first use of a successor that starts its predecessor's grace.
func (l *life) firstUse(c *modelCred) {
	if c.grace < 0 {
		return
	}
	grace := c.grace
	c.grace = -1
	l.expect("credential", c.path(), "credential.activated")
	if old := c.replaces; !old.gone {
		l.retire(old, l.now().Add(grace))
		l.tell(old, "credential.retiring")
	}
}

func (c *modelCred) path() string { return c.app.id.String() + "/" + c.id.String() }

func families(doors []string) access.Families {
	if doors == nil {
		return access.AllFamilies
	}
	var all access.Families
	for _, door := range doors {
		f, ok := access.FamilyNamed(door)
		if !ok {
			panic(door)
		}
		all |= f
	}
	return all
}

// expect notes what the ledger must say next.
func (l *life) expect(subject, id, kind string) {
	l.story = append(l.story, subject+" "+id+" "+kind)
}

// tell is expect for an event that says how the credential stands.
func (l *life) tell(c *modelCred, kind string) {
	l.expect("credential", c.path(), fmt.Sprintf("%s enabled=%v from=%s until=%s", kind, c.enabled, stamp(c.notBefore), stamp(c.expires)))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
