package logon_test

import (
	"context"
	"encoding/pem"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	credentials "github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/token"
)

// try makes a change and fails the test unless it is refused as the model says; no kind is no refusal.
func (l *life) try(want fault.Kind, refused bool, fn func(*db.Tx) error) {
	l.Helper()
	err := l.DB.Write(context.Background(), fn)
	if refused != (err != nil) || refused && !fault.Is(err, want) {
		l.Fatalf("the change: %v; refused by the model: %v (%v)", err, refused, want)
	}
	l.settle()
}

// spec draws what can be said about any credential, and says it to the model.
func (l *life) spec(c *modelCred) credentials.Spec {
	s := credentials.Spec{Description: unique()}
	c.expires = l.moment("expires", false)
	c.notBefore = l.moment("not before", true)
	if !c.expires.IsZero() && !c.notBefore.Before(c.expires) {
		c.notBefore = time.Time{}
	}
	s.ExpiresAt, s.NotBefore = c.expires, c.notBefore
	if s.Scopes = rapid.SampledFrom([][]string{nil, nil, nil, {"openid"}, {"application", "openid"}, {"application-users"}, {"openid", "invoices:read"}, {"parcels:read"}}).Draw(l.T, "scopes"); s.Scopes != nil {
		c.narrow(s.Scopes)
	}
	s.Networks = rapid.SampledFrom([][]string{nil, nil, nil, {"192.0.2.0/24"}, {"198.51.100.1", "2001:db8::/32"}}).Draw(l.T, "networks")
	c.networks = prefixes(s.Networks)
	return s
}

// narrow takes scopes for the model: families, and at most one permission, which is for openid's tokens.
func (c *modelCred) narrow(scopes []string) {
	c.doors, c.only = nil, ""
	for _, s := range scopes {
		if strings.Contains(s, ":") {
			c.only = s
		} else {
			c.doors = append(c.doors, s)
		}
	}
	if c.doors == nil {
		c.doors = []string{"openid"}
	}
}

func prefixes(texts []string) (all []netip.Prefix) {
	for _, text := range texts {
		if !strings.Contains(text, "/") {
			text += "/32"
		}
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// moment draws a time to come, or none; a short one is near enough to be waited for.
func (l *life) moment(label string, short bool) time.Time {
	all := []time.Duration{0, 0, 0, 20 * time.Millisecond, 10 * time.Minute, 2 * time.Hour, 26 * time.Hour}
	if !short {
		all = append(all, 10*24*time.Hour)
	}
	d := rapid.SampledFrom(all).Draw(l.T, label)
	if d == 0 {
		return time.Time{}
	}
	return l.now().Add(d).UTC()
}

func (l *life) begin(m means) *modelCred {
	return &modelCred{app: l.app, means: m, created: l.now(), enabled: true, grace: -1}
}

func (l *life) made(c *modelCred, id uuid.UUID, kind string) {
	c.id = id
	l.app.creds = append(l.app.creds, c)
	l.tell(c, kind)
}

func (l *life) secrets() (n int) {
	for _, c := range l.app.live() {
		if c.means.secret() {
			n++
		}
	}
	return n
}

// create adds a secret: generated, chosen or imported.
func (l *life) create() {
	c := l.begin(rapid.SampledFrom([]means{generated, generated, generated, picked, foreign}).Draw(l.T, "form"))
	spec := credentials.SecretSpec{Spec: l.spec(c)}
	c.kept = c.means == generated && rapid.Bool().Draw(l.T, "viewable")
	spec.Viewable = &c.kept
	waiting := slices.ContainsFunc(l.app.live(), func(c *modelCred) bool { return c.means == foreign })
	full := l.secrets() >= mostSecrets || c.means == foreign && waiting
	c.secret = "käse & 100% + " + unique() + ":horse"
	var made *credentials.Credential
	add := func(tx *db.Tx) (err error) {
		var plain seal.Secret
		made, plain, err = l.Credentials.AddSecret(tx, &l.Operator, l.app.id, spec)
		c.secret = plain.Reveal()
		return err
	}
	kind := "credential.created"
	switch c.means {
	case picked:
		choice, err := l.Credentials.Prepare(context.Background(), l.DB, &l.Operator, l.app.id, seal.NewSecret(c.secret))
		if err != nil {
			l.Fatal(err)
		}
		add = func(tx *db.Tx) (err error) {
			made, err = l.Credentials.AddChosen(tx, &l.Operator, l.app.id, choice, spec)
			return err
		}
	case foreign:
		hash, err := chosen.ParseImported(hashed(c.secret))
		if err != nil {
			l.Fatal(err)
		}
		kind = "credential.imported"
		add = func(tx *db.Tx) (err error) {
			made, err = l.Credentials.Import(tx, &l.Operator, l.app.id, hash, spec)
			return err
		}
	}
	l.try(fault.Conflict, full, add)
	if !full {
		l.made(c, made.ID, kind)
	}
}

// presented is what a client sends to prove itself with a credential, rightly or wrongly.
func (l *life) presented(c *modelCred, right bool) *logon.Presented {
	p := &logon.Presented{ID: l.app.id, Known: true, From: l.from(), Door: access.FamilyOpenID}
	if rapid.IntRange(0, 9).Draw(l.T, "door") == 0 {
		p.Door = access.FamilyApplication
	}
	switch {
	case c.means.secret() && c.kept && rapid.Bool().Draw(l.T, "signs"):
		l.assert(p, c, right)
	case c.means.secret():
		p.Method = rapid.SampledFrom([]register.Methods{register.Basic, register.Post}).Draw(l.T, "method")
		secret := c.secret
		if !right {
			secret = rapid.SampledFrom([]string{"cfs_wrong", "cfs_wrong", "cfs_wrong", l.stray}).Draw(l.T, "wrong")
		}
		p.Readings[rapid.IntRange(0, 1).Draw(l.T, "reading")] = []byte(secret)
	case c.means == certificate:
		p.Method, p.Certificate = register.TLS, c.cert
		if !right {
			p.Certificate = l.selfSigned()
		}
	default:
		l.assert(p, c, right)
	}
	return p
}

// assert writes a client assertion, or the token of another issuer.
func (l *life) assert(p *logon.Presented, c *modelCred, right bool) {
	p.Method = register.PrivateKeyJWT
	id := l.app.id.String()
	claims := map[string]any{"iss": id, "sub": id, "aud": issuer, "jti": unique(), "iat": l.now().Unix(), "exp": l.now().Unix() + 60}
	if c.means == trust {
		claims["iss"], claims["sub"] = ci, c.secret
	}
	var key any = c.key
	if c.means.secret() {
		key = c.secret
	}
	switch {
	case right:
	case c.means == trust:
		claims["sub"] = "repo:somebody/else"
	case c.means.secret():
		key = l.stray
	default:
		key = newKey()
	}
	p.Assertion = sign(key, claims)
	if right {
		c.used = p.Assertion
	}
}

// name is what the application's list of methods calls the method of p.
func name(c *modelCred, p *logon.Presented) string {
	switch {
	case p.Method == register.Basic:
		return application.Basic
	case p.Method == register.Post:
		return application.Post
	case c.means == certificate:
		return application.SelfSignedTLS
	case c.means == jwtKey:
		return application.PrivateKeyJWT
	case c.means == trust:
		return application.Federated
	}
	return application.SecretJWT
}

func door(p *logon.Presented) string {
	if p.Door == access.FamilyApplication {
		return "application"
	}
	return "openid"
}

// use proves a credential rightly and, if that is let in, gets a token.
func (l *life) use() {
	c := l.cred(nil)
	if c == nil {
		return
	}
	p := l.presented(c, true)
	want := l.outcome(c, p)
	n := l.either()
	client, with := l.prove(context.Background(), n, p, want)
	wasForeign := c.means == foreign
	l.used(c, p, want)
	if want == "" && wasForeign && c.means == picked {
		l.useAtOnce(n, p)
	}
	if want == "" {
		if with.ID != c.id {
			l.Fatalf("the credential %s was used, %v meant", with.ID, c)
		}
		l.mint(n, c, client, with)
	}
	l.chores()
}

// useAtOnce uses an imported secret again, on both nodes, when it was just upgraded and nobody was told yet.
func (l *life) useAtOnce(n *node, p *logon.Presented) {
	l.Helper()
	if err := n.logon.Flush(context.Background()); err != nil {
		l.Fatal(err)
	}
	for _, n := range l.nodes {
		l.prove(context.Background(), n, p, "")
	}
}

// outcome is why a right credential is refused; empty if it is let in.
func (l *life) outcome(c *modelCred, p *logon.Presented) string {
	now := l.now()
	switch {
	case p.Assertion == nil && c.means.secret() && l.app.locked(now, p.From):
		return "locked"
	case len(l.app.methods) > 0 && !slices.Contains(l.app.methods, name(c, p)):
		return "method_not_allowed"
	}
	return c.keptOut(now, door(p), p.From)
}

// used says what a right credential leads to.
func (l *life) used(c *modelCred, p *logon.Presented, outcome string) {
	bySecret := p.Assertion == nil && c.means.secret()
	if outcome == "" && bySecret {
		l.forgive(c, p.From)
	}
	if outcome == "" {
		l.firstUse(c)
	}
	if outcome != "locked" && bySecret && c.means == foreign {
		c.means = picked
		l.tell(c, "credential.upgraded")
	}
}

// mint gets a token in a random format.
func (l *life) mint(n *node, c *modelCred, client *register.Client, with *proof.Candidate) {
	scope := rapid.SampledFrom([]string{"invoices:read", "parcels:read"}).Draw(l.T, "scope")
	grant, short := client.Environment.Catalogue.Attenuate(access.Asked{
		Application: client.Permissions, Credential: with.Permissions, Narrowed: with.Narrowed, Scope: scope,
	})
	if granted := c.only == "" || c.only == scope; granted != (short == access.Enough) {
		l.Fatalf("%s for %v: %d", scope, c, short)
	} else if !granted {
		return
	}
	now := l.now()
	text, seconds, err := n.tokens.Mint(nil, &token.Minting{Client: client, With: with, Grant: grant}, now)
	if err != nil {
		l.Fatal(err)
	}
	t := &modelToken{cred: c, text: text, ends: now.Unix() + 24*60*60, doors: c.doors}
	if !c.expires.IsZero() {
		t.ends = min(t.ends, c.expires.Unix())
	}
	if seconds != t.ends-now.Unix() {
		l.Fatalf("a token of %v lives for %d s, want %d", c, seconds, t.ends-now.Unix())
	}
	l.tokens = append(l.tokens, t)
}

// failOnce proves a credential wrongly.
func (l *life) failOnce() {
	c := l.cred(nil)
	if c == nil {
		return
	}
	l.wrong(l.either(), c, l.presented(c, false))
	l.chores()
}

// failOften is somebody who guesses at both nodes.
func (l *life) failOften() {
	c := l.cred(func(c *modelCred) bool { return c.means.secret() })
	if c == nil {
		return
	}
	p := &logon.Presented{ID: l.app.id, Known: true, From: l.from(), Method: register.Post, Readings: [2][]byte{[]byte("cfs_wrong")}}
	n := l.either()
	for range rapid.IntRange(2, 6).Draw(l.T, "times") {
		l.move(5 * time.Millisecond)
		l.wrong(n, c, p)
	}
	l.chores()
}

func (l *life) wrong(n *node, c *modelCred, p *logon.Presented) {
	l.Helper()
	if p.Assertion != nil || p.Certificate != nil {
		l.prove(context.Background(), n, p, "client_authentication_failed", "assertion_signature", "trust_claim_differs", "certificate_thumbprint")
		return
	}
	want := "client_authentication_failed"
	if l.app.locked(l.now(), p.From) {
		want = "locked"
	}
	l.prove(context.Background(), n, p, want)
	l.fail(l.app, p.From, slices.ContainsFunc(p.Readings[:], func(r []byte) bool { return string(r) == l.stray }))
}

// replay shows an assertion again, at either node.
func (l *life) replay() {
	c := l.cred(func(c *modelCred) bool { return c.used != nil && (c.means != trust || c.single) })
	if c == nil {
		return
	}
	p := &logon.Presented{ID: l.app.id, Known: true, From: l.from(), Door: access.FamilyOpenID, Method: register.PrivateKeyJWT, Assertion: c.used}
	l.prove(context.Background(), l.either(), p, "assertion_replayed", "assertion_expired", "assertion_lifetime")
}

// race is a right chosen secret that is still being computed when others fail for the fifth time.
func (l *life) race() {
	c := l.cred(func(c *modelCred) bool { return c.means == picked })
	if c == nil {
		return
	}
	n, from := l.either(), l.from()
	if l.app.locked(l.now(), from) {
		return
	}
	p := &logon.Presented{ID: l.app.id, Known: true, From: from, Door: access.FamilyOpenID, Method: register.Post, Readings: [2][]byte{[]byte(c.secret)}}
	guess := &logon.Presented{ID: l.app.id, Known: true, From: from, Method: register.Post, Readings: [2][]byte{[]byte("cfs_wrong")}}
	n.logon.Checker.Forget(l.Home.ID, l.app.id)
	for range rapid.IntRange(0, 1).Draw(l.T, "before") {
		l.wrong(n, c, guess)
		l.move(5 * time.Millisecond)
	}
	want := l.outcome(c, p)
	ctx := &hooked{Context: context.Background(), do: func() {
		for range rapid.IntRange(3, 5).Draw(l.T, "meanwhile") {
			l.wrong(n, c, guess)
		}
		want = l.outcome(c, p)
	}}
	n.race(ctx, l, p, &want)
	l.used(c, p, want)
	l.chores()
}

// race proves p and compares the answer with what stands in want by then.
func (n *node) race(ctx context.Context, l *life, p *logon.Presented, want *string) {
	l.Helper()
	var client register.Client
	_, err := n.logon.Prove(ctx, n.register.Home(), p, &client, l.now())
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	if reason != *want {
		l.Fatalf("the answer is %q, the model's %q", reason, *want)
	}
}

func (l *life) wait() {
	d := rapid.SampledFrom([]time.Duration{
		time.Second, time.Minute, 11 * time.Minute, 40 * time.Minute, time.Hour, 3 * time.Hour, 25 * time.Hour, 60 * time.Hour,
	}).Draw(l.T, "time")
	l.move(d)
	if err := l.Environments.TendKeys(context.Background(), l.DB); err != nil {
		l.Fatal(err)
	}
	if rapid.Bool().Draw(l.T, "forget") {
		for _, forget := range []func(context.Context) error{
			l.nodes[0].locks.Forget, l.nodes[0].logon.Seen.Forget, func(ctx context.Context) error { return token.ForgetRevoked(ctx, l.DB) },
		} {
			if err := forget(context.Background()); err != nil {
				l.Fatal(err)
			}
		}
		for _, n := range l.nodes {
			n.register.Sweep()
		}
	}
	l.chores()
}

func (l *life) unlock() {
	now := l.now()
	n := l.either()
	for _, m := range l.app.counts {
		if m.seen(now) > 0 || m.locked(now) {
			l.expect("application", l.app.id.String(), "application.unlocked")
			l.app.counts, l.app.told = map[string]*modelCount{}, time.Time{}
			break
		}
	}
	l.try(0, false, func(tx *db.Tx) error { return n.locks.Unlock(tx, &l.Operator, l.app.id) })
}

func (l *life) lockPolicy() {
	policy := rapid.SampledFrom([]string{"on", "client+network", "off"}).Draw(l.T, "policy")
	n := l.either()
	if policy != l.app.policy {
		l.expect("application", l.app.id.String(), "application.lock_policy_changed")
		if policy == "off" {
			for _, m := range l.app.counts {
				m.failures = 0
			}
		}
	}
	l.app.policy = policy
	l.try(0, false, func(tx *db.Tx) error {
		_, err := application.SetLock(tx, &l.Operator, l.app.id, mode(policy), func(tx *db.Tx) error {
			return n.locks.Disable(tx, l.Home.ID, l.app.id)
		})
		return err
	})
}

func (l *life) methods() {
	l.app.methods = rapid.SampledFrom([][]string{
		nil, nil, nil, {application.Basic, application.SelfSignedTLS}, {application.PrivateKeyJWT, application.Post}, {application.Federated, application.SecretJWT},
	}).Draw(l.T, "methods")
	l.expect("application", l.app.id.String(), "application.changed")
	l.try(0, false, func(tx *db.Tx) error {
		_, err := application.Change(tx, &l.Operator, l.app.id, 0, func(s *application.Spec) { s.Methods = l.app.methods })
		return err
	})
}

// switches draws what is done to a switch: often off and on again, which must bring nothing back.
func (l *life) switches() []bool {
	return rapid.SampledFrom([][]bool{{true}, {false}, {true}, {false, true}, {false, true}}).Draw(l.T, "switch")
}

func (l *life) switchApp() {
	for _, on := range l.switches() {
		if on != l.app.enabled {
			l.expect("application", l.app.id.String(), map[bool]string{true: "application.enabled", false: "application.disabled"}[on])
		}
		if !on {
			for _, c := range l.app.creds {
				l.end(c)
			}
		}
		l.app.enabled = on
		l.try(0, false, func(tx *db.Tx) error {
			_, err := application.SetEnabled(tx, &l.Operator, l.app.id, on)
			return err
		})
	}
}

func (l *life) switchCred() {
	c := l.cred(nil)
	if t := l.token(); t != nil && rapid.Bool().Draw(l.T, "one with a token") {
		c = t.cred
	}
	if c == nil {
		return
	}
	for _, on := range l.switches() {
		changed := on != c.enabled
		if c.enabled = on; !on {
			l.end(c)
		}
		if changed {
			l.tell(c, map[bool]string{true: "credential.enabled", false: "credential.disabled"}[on])
		}
		l.try(0, false, func(tx *db.Tx) error {
			_, err := credentials.SetEnabled(tx, &l.Operator, l.app.id, c.id, on)
			return err
		})
	}
}

func (l *life) rotate() {
	old := l.cred(nil)
	if old == nil {
		return
	}
	now := l.now()
	r := credentials.Rotation{OnFirstUse: rapid.Bool().Draw(l.T, "on first use")}
	d := rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Minute, 2 * time.Hour, 30 * time.Hour}).Draw(l.T, "old")
	if r.OnFirstUse {
		r.Grace = d
	} else if d > 0 {
		r.Retire = now.Add(d)
	}
	heir := slices.ContainsFunc(l.app.live(), func(c *modelCred) bool { return c.replaces == old })
	refused := !old.means.secret() || !old.enabled || old.over(now) || heir || l.secrets() >= mostSecrets
	next := l.begin(generated)
	next.kept, next.doors, next.only, next.networks, next.replaces = old.kept, old.doors, old.only, old.networks, old
	if !old.expires.IsZero() {
		next.expires = now.Add(old.expires.Sub(old.created))
	}
	if r.OnFirstUse {
		next.grace = d
	}
	var made *credentials.Credential
	l.try(fault.Conflict, refused, func(tx *db.Tx) (err error) {
		var plain seal.Secret
		made, plain, _, err = l.Credentials.Rotate(tx, &l.Operator, l.app.id, old.id, 0, r)
		next.secret = plain.Reveal()
		return err
	})
	if refused {
		return
	}
	l.made(next, made.ID, "credential.created")
	if !r.OnFirstUse {
		l.retire(old, now.Add(d))
	}
	l.tell(old, "credential.rotated")
}

// change gives a credential another life, other doors or other networks.
func (l *life) change() {
	c := l.cred(nil)
	if c == nil {
		return
	}
	now := l.now()
	after := *c
	switch rapid.IntRange(0, 2).Draw(l.T, "what") {
	case 0:
		after.expires = l.moment("expires", false)
		if rapid.IntRange(0, 4).Draw(l.T, "past") == 0 {
			after.expires = now.Add(-time.Minute).UTC()
		}
	case 1:
		after.notBefore = l.moment("not before", true)
	case 2:
		scopes := rapid.SampledFrom([][]string{{"openid"}, {"application", "openid"}, {"application"}, {"openid", "parcels:read"}}).Draw(l.T, "scopes")
		after.narrow(scopes)
		after.networks = prefixes(rapid.SampledFrom([][]string{nil, {"192.0.2.0/25"}, {"198.51.100.0/24"}}).Draw(l.T, "networks"))
	}
	moved := !after.expires.Equal(c.expires)
	refused := moved && after.over(now) || !after.expires.IsZero() && !after.notBefore.IsZero() && !after.notBefore.Before(after.expires) ||
		c.cert != nil && (after.expires.IsZero() || after.expires.After(c.cert.NotAfter))
	l.try(fault.Invalid, refused, func(tx *db.Tx) error {
		_, err := credentials.Change(tx, &l.Operator, l.app.id, c.id, 0, func(s *credentials.Spec) {
			s.ExpiresAt, s.NotBefore = after.expires, after.notBefore
			s.Networks = nil
			for _, p := range after.networks {
				s.Networks = append(s.Networks, p.String())
			}
			if after.doors != nil {
				s.Scopes = slices.Clone(after.doors)
				if after.only != "" {
					s.Scopes = append(s.Scopes, after.only)
				}
			}
		})
		return err
	})
	if refused {
		return
	}
	*c = after
	l.tell(c, "credential.changed")
}

// revive lets a credential with a live token expire and gives it more life: what died with it stays dead.
func (l *life) revive() {
	t := l.token()
	if t == nil || t.cred.cert != nil {
		return
	}
	for _, life := range []time.Duration{time.Minute, 2 * time.Hour} {
		expires := l.now().Add(life).UTC()
		if t.cred.over(l.now()) {
			l.end(t.cred)
		}
		t.cred.expires = expires
		l.tell(t.cred, "credential.changed")
		l.try(0, false, func(tx *db.Tx) error {
			_, err := credentials.Change(tx, &l.Operator, l.app.id, t.cred.id, 0, func(s *credentials.Spec) { s.ExpiresAt = expires })
			return err
		})
		if life == time.Minute {
			l.move(life)
		}
	}
	l.chores()
}

// expireSoon waits until just before, just at or just after the next expiry.
func (l *life) expireSoon() {
	c := l.cred(func(c *modelCred) bool {
		return c.expires.After(l.now().Add(time.Second)) && c.expires.Before(l.now().Add(60*time.Hour))
	})
	if c == nil {
		return
	}
	l.move(c.expires.Sub(l.now()) + rapid.SampledFrom([]time.Duration{-time.Microsecond, 0, time.Microsecond}).Draw(l.T, "off by"))
	if err := l.Environments.TendKeys(context.Background(), l.DB); err != nil {
		l.Fatal(err)
	}
	l.chores()
}

func (l *life) delete() {
	c := l.cred(nil)
	if c == nil {
		return
	}
	now := l.now()
	force := rapid.Bool().Draw(l.T, "force")
	others := slices.ContainsFunc(l.app.live(), func(o *modelCred) bool { return o != c && o.usable(now) })
	refused := !force && c.usable(now) && !others
	l.try(fault.Conflict, refused, func(tx *db.Tx) error {
		return credentials.Delete(tx, &l.Operator, l.app.id, c.id, 0, force)
	})
	if !refused {
		c.gone = true
		l.expect("credential", c.path(), "credential.deleted")
	}
}

func (l *life) token() *modelToken {
	var all []*modelToken
	for _, t := range l.tokens {
		if t.alive(l.now()) {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return rapid.SampledFrom(all).Draw(l.T, "token")
}

// revoke ends one token, twice.
func (l *life) revoke() {
	t := l.token()
	if t == nil {
		return
	}
	n := l.either()
	var x token.Examined
	if err := n.tokens.Examine(context.Background(), n.register.Home(), t.text, l.now(), &x); err != nil {
		l.Fatal(err)
	}
	for range 2 {
		l.try(0, false, func(tx *db.Tx) error { return token.RevokeAny(tx, &l.Operator, &x.Claims) })
	}
	t.dead = true
	l.expect("token", x.Claims.JTI.String(), "token.revoked")
}

// endTokens is what too many single revocations lead to.
func (l *life) endTokens() {
	c := l.cred(nil)
	if c == nil {
		return
	}
	l.end(c)
	l.expect("credential", c.path(), "credential.tokens_ended")
	l.try(0, false, func(tx *db.Tx) error { return credentials.EndTokens(tx, l.Operator.Who(), l.Home.ID, l.app.id, c.id) })
}

// createOther adds a certificate, a JWT key or a federated trust.
func (l *life) createOther() {
	c := l.begin(rapid.SampledFrom([]means{certificate, jwtKey, trust}).Draw(l.T, "kind"))
	spec := l.spec(c)
	var add func(*db.Tx) (*credentials.Credential, error)
	switch c.means {
	case certificate:
		c.cert = l.selfSigned()
		if c.expires.IsZero() {
			c.expires = c.cert.NotAfter.UTC()
		}
		upload := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
		add = func(tx *db.Tx) (*credentials.Credential, error) {
			return credentials.AddCertificate(tx, &l.Operator, l.app.id, credentials.CertificateSpec{Spec: spec, Upload: upload})
		}
	case jwtKey:
		c.key = newKey()
		add = func(tx *db.Tx) (*credentials.Credential, error) {
			return credentials.AddKey(tx, &l.Operator, l.app.id, credentials.KeySpec{Spec: spec, JWKS: jwks(c.key)})
		}
	case trust:
		c.key, c.secret, c.single = newKey(), "repo:acme/"+unique(), rapid.Bool().Draw(l.T, "single use")
		add = func(tx *db.Tx) (*credentials.Credential, error) {
			return credentials.AddTrust(tx, &l.Operator, l.app.id, credentials.TrustSpec{
				Spec: spec, Trust: assertion.Trust{Issuer: ci, Subject: c.secret, Audience: issuer}, JWKS: jwks(c.key), SingleUse: c.single,
			})
		}
	}
	full := len(l.kind(c.means)) >= mostOthers
	var made *credentials.Credential
	l.try(fault.Conflict, full, func(tx *db.Tx) (err error) {
		made, err = add(tx)
		return err
	})
	if !full {
		l.made(c, made.ID, "credential.created")
	}
}

// kind lists the live credentials of one kind that is no secret.
func (l *life) kind(m means) (all []*modelCred) {
	for _, c := range l.app.live() {
		if c.means == m {
			all = append(all, c)
		}
	}
	return all
}
