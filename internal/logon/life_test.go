package logon_test

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/token"
)

// checksVariable asks for a longer run than make test has time for: so many lives on each engine.
const checksVariable = "COUNTERFOIL_TEST_LIVES"

// How many credentials an application may have here: few, so that it is tried.
const (
	mostSecrets = 8
	mostOthers  = 3
)

// The whole life of a credential: made, used, failed, locked, waited for, unlocked, disabled, enabled, rotated, expired
// and deleted, in every kind, on two nodes, in whatever order. Whether a logon is let in, which tokens live, what is
// counted and locked, and what the ledger tells is at every step what the model says.
func TestLifeOfCredentialIsThatOfTheModel(t *testing.T) {
	// What make test has time for; lives are longer than rapid would make them.
	set := map[string]string{"rapid.checks": "30", "rapid.steps": "60"}
	if checks := os.Getenv(checksVariable); checks != "" {
		set["rapid.checks"] = checks
	}
	for name, value := range set {
		before := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set(name, before) }()
	}
	eachWorld(t, func(w *world) {
		steps, begun := 0, time.Now()
		rapid.Check(w.T, func(rt *rapid.T) {
			l := w.life(rt)
			rt.Repeat(l.commands())
			steps += l.steps
			l.over()
		})
		w.Logf("%d steps in %v: %v", steps, time.Since(begun).Round(time.Millisecond), w.tally)
		proof, err := ledger.Verify(w.Context(), ledger.InDatabase(w.DB, w.Home.ID), nil)
		if err != nil {
			w.Errorf("the chain: %v, %+v", err, proof)
		}
	})
}

// life is one application's, with the model of it beside.
type life struct {
	*world
	*rapid.T
	app    *modelApp
	tokens []*modelToken
	story  []string // what the ledger must say next
	steps  int
}

func (w *world) life(rt *rapid.T) *life {
	l := &life{world: w, T: rt}
	if w.heard == 0 || w.stray == "" {
		w.makeStray(l)
	}
	if _, err := w.since(); err != nil { // of a life that failed
		rt.Fatal(err)
	}
	l.write(func(tx *db.Tx) error {
		a, err := application.Create(tx, &w.Operator, application.Spec{Name: unique(), Scopes: []string{"invoices:read", "parcels:read"}})
		if err == nil {
			l.app = &modelApp{id: a.ID, enabled: true, policy: "on", counts: map[string]*modelCount{}}
		}
		return err
	})
	l.expect("application", l.app.id.String(), "application.created")
	l.settle()
	return l
}

// makeStray makes a generated secret of nobody here: a guess in good form.
func (w *world) makeStray(l *life) {
	l.write(func(tx *db.Tx) error {
		a, err := application.Create(tx, &w.Operator, application.Spec{Name: unique()})
		if err != nil {
			return err
		}
		_, secret, err := w.Credentials.AddSecret(tx, &w.Operator, a.ID, credential.SecretSpec{})
		w.stray = secret.Reveal()
		return err
	})
}

// over ends a life, so that the next finds a small world.
func (l *life) over() {
	l.write(func(tx *db.Tx) error { return application.Delete(tx, &l.Operator, l.app.id, 0) })
	l.settle()
	for _, c := range l.app.creds {
		c.gone = true
	}
	l.expect("application", l.app.id.String(), "application.deleted")
	l.compareTokens()
	l.compareLedger()
}

func (l *life) commands() map[string]func(*rapid.T) {
	all := map[string]func(*life){
		"create": (*life).create, "create with a proof": (*life).createOther, "use": (*life).use, "use again": (*life).use, "use once more": (*life).use,
		"fail": (*life).failOnce, "fail and fail": (*life).failOften, "replay": (*life).replay, "race": (*life).race,
		"wait": (*life).wait, "unlock": (*life).unlock, "lock policy": (*life).lockPolicy, "methods": (*life).methods,
		"switch application": (*life).switchApp, "switch credential": (*life).switchCred, "rotate": (*life).rotate, "change": (*life).change,
		"expire": (*life).expireSoon, "revive": (*life).revive, "delete": (*life).delete, "revoke": (*life).revoke, "end tokens": (*life).endTokens,
	}
	commands := map[string]func(*rapid.T){}
	for name, command := range all {
		commands[name] = func(rt *rapid.T) {
			l.T = rt
			l.move(5 * time.Millisecond)
			command(l)
			l.steps++
		}
	}
	commands[""] = func(rt *rapid.T) {
		l.T = rt
		for _, t := range l.tokens {
			if t.cred.over(l.now()) { // once over, over for good, whatever is done to the expiry later
				t.dead = true
			}
		}
		l.compareLocks()
		l.compareLedger()
		l.compareTokens()
		l.compareRegisters()
	}
	return commands
}

func (l *life) write(fn func(*db.Tx) error) {
	l.Helper()
	if err := l.DB.Write(context.Background(), fn); err != nil {
		l.Fatal(err)
	}
}

// settle makes both nodes hear what was just changed.
func (l *life) settle() {
	l.Helper()
	for _, n := range l.nodes {
		if !n.register.Settle(context.Background(), l.Home.ID) {
			l.Fatal("the change did not settle")
		}
	}
}

// chores does what nodes do by themselves, once.
func (l *life) chores() {
	l.Helper()
	for _, n := range l.nodes {
		for _, chore := range []func(context.Context) error{n.logon.Flush, n.locks.Flush} {
			if err := chore(context.Background()); err != nil {
				l.Fatal(err)
			}
		}
	}
	l.settle()
	for _, n := range l.nodes {
		if err := n.locks.Poll(context.Background()); err != nil {
			l.Fatal(err)
		}
	}
}

// within repeats a comparison for as long as failures that are counted already may take to be written.
func (l *life) within(compare func() string) {
	l.Helper()
	difference := compare()
	for deadline := time.Now().Add(5 * time.Second); difference != "" && time.Now().Before(deadline); difference = compare() {
		l.chores()
	}
	if difference != "" {
		l.Fatal(difference)
	}
}

func (l *life) compareLocks() {
	l.Helper()
	now := l.now()
	l.withinFor(l.slow(), func() string {
		want, got := map[string]string{}, map[string]string{}
		for name, m := range l.app.counts {
			if m.seen(now) > 0 || m.locked(now) {
				want[name] = fmt.Sprint(m.seen(now), " ", m.locked(now))
			}
			if m.locked(now) {
				want[name] += " until " + m.until.UTC().String()
			}
		}
		var s lock.Status
		err := l.DB.Read(context.Background(), func(tx *db.Tx) (err error) {
			s, err = lock.State(tx, l.Home.ID, l.app.id, now)
			return err
		})
		if err != nil {
			return err.Error()
		}
		all := append(slices.Clone(s.Networks), lock.NetworkStatus{Failures: s.Failures, LockedUntil: s.LockedUntil})
		for _, n := range all {
			if n.Failures > 0 || !n.LockedUntil.IsZero() {
				got[n.Network] = fmt.Sprint(n.Failures, " ", n.LockedUntil.After(now))
			}
			if n.LockedUntil.After(now) {
				got[n.Network] += " until " + n.LockedUntil.UTC().String()
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			return "failures and locks (-model +rows):\n" + d
		}
		for i, n := range l.nodes {
			for _, from := range addresses {
				verdict := n.locks.Verdict(lock.Logon{Environment: l.Home.ID, Application: l.app.id, Address: from, Mode: mode(l.app.policy)}, now)
				if (verdict == lock.Locked) != l.app.locked(now, from) {
					return fmt.Sprintf("node %d says %d of %s, the model locked: %v", i, verdict, from, l.app.locked(now, from))
				}
			}
		}
		return ""
	})
}

// slow is whether anything was counted: else there is nothing to wait for.
func (l *life) slow() bool { return len(l.app.counts) > 0 }

func (l *life) withinFor(slow bool, compare func() string) {
	l.Helper()
	if slow {
		l.within(compare)
	} else if difference := compare(); difference != "" {
		l.Fatal(difference)
	}
}

func (l *life) compareLedger() {
	l.Helper()
	want := l.story
	var told []string
	l.withinFor(l.slow(), func() string {
		more, err := l.since()
		if err != nil {
			return err.Error()
		}
		told = append(told, more...)
		if d := cmp.Diff(want, told); d != "" {
			return "the ledger (-model +ledger):\n" + d
		}
		return ""
	})
	l.story = nil
}

// compareTokens asks both nodes about all tokens. What was deleted is asked about twice only: each asking makes a node
// read the ledger again.
func (l *life) compareTokens() {
	l.Helper()
	now := l.now()
	for _, t := range l.tokens {
		if t.cred.gone && t.asked >= 2 {
			continue
		}
		for i, n := range l.nodes {
			var x token.Examined
			if err := n.tokens.Examine(context.Background(), n.register.Home(), t.text, now, &x); err != nil {
				l.Fatal(err)
			}
			if (x.Refusal == access.Admitted) != t.alive(now) {
				l.Fatalf("node %d says %q of a token of %v, the model alive: %v", i, x.Refusal, t.cred, t.alive(now))
			}
			l.tally["token "+x.Refusal.String()]++
			if x.Refusal != access.Admitted {
				continue
			}
			if end := t.cred.expires; !end.IsZero() && x.Expires() > end.Unix() {
				l.Fatalf("node %d says that a token lives until %d, longer than its credential, until %v", i, x.Expires(), end)
			}
			if want := families(t.doors) & families(t.cred.doors); x.Families() != want {
				l.Fatalf("node %d says that a token opens %v, want %v", i, x.Families(), want)
			}
		}
		if t.cred.gone {
			t.asked++
		}
	}
}

// compareRegisters looks at what both nodes hold of the application.
func (l *life) compareRegisters() {
	l.Helper()
	want := []string{}
	for _, c := range l.app.live() {
		want = append(want, fmt.Sprint(c.id, c.enabled, micros(c.notBefore), micros(c.expires), families(c.doors), c.networks))
	}
	slices.Sort(want)
	for i, n := range l.nodes {
		var client register.Client
		if found, err := n.register.Client(context.Background(), n.register.Home(), l.app.id, &client); !found || err != nil {
			l.Fatalf("node %d: %v, %v", i, found, err)
		}
		got := []string{}
		for j := range client.Candidates {
			c := &client.Candidates[j]
			got = append(got, fmt.Sprint(c.ID, c.Enabled, c.NotBefore, c.Expires, c.Families, []netip.Prefix(c.Networks())))
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" || client.Enabled != l.app.enabled {
			l.Fatalf("node %d (-model +register), enabled %v:\n%s", i, client.Enabled, d)
		}
	}
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// addresses are two of one network and one of another.
var addresses = []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("198.51.100.1")}

func mode(policy string) lock.Mode {
	m, err := lock.ParseMode(policy)
	if err != nil {
		panic(err)
	}
	return m
}

// cred draws one that was not deleted; a step without one is nothing.
func (l *life) cred(fits func(*modelCred) bool) *modelCred {
	var all []*modelCred
	for _, c := range l.app.live() {
		if fits == nil || fits(c) {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return rapid.SampledFrom(all).Draw(l.T, "credential")
}

func (l *life) either() *node { return l.nodes[rapid.IntRange(0, 1).Draw(l.T, "node")] }

func (l *life) from() netip.Addr { return rapid.SampledFrom(addresses).Draw(l.T, "from") }

// hooked is a context that does something when it is asked for the first time whether it has ended: in the middle of a
// logon, before its slow computation.
type hooked struct {
	context.Context
	once sync.Once
	do   func()
}

func (h *hooked) Err() error {
	h.once.Do(h.do)
	return h.Context.Err()
}

// prove presents something at a node and fails the test unless it is refused for that reason, or let in if there is
// none. It returns the client and the credential as the node has them.
func (l *life) prove(ctx context.Context, n *node, p *logon.Presented, want ...string) (*register.Client, *proof.Candidate) {
	l.Helper()
	var client register.Client
	p.Endpoint = issuer + "/oauth2/token"
	with, err := n.logon.Prove(ctx, n.register.Home(), p, &client, l.now())
	reason := ""
	if err != nil {
		reason = err.Error()
		if r, ok := err.(*logon.Refused); !ok { //nolint:errorlint // documented as such
			l.Fatal(err)
		} else if r.Proven == unproven(reason) {
			l.Fatalf("refused for %s, proven: %v", reason, r.Proven)
		}
	}
	l.tally["answer "+reason]++
	if !slices.Contains(want, reason) {
		l.Fatalf("the answer is %q, the model's %q", reason, strings.Join(want, " or "))
	}
	return &client, with
}

// unproven says of a reason that it is given to who did not prove to be the client.
func unproven(reason string) bool {
	for _, prefix := range []string{"locked", "client_authentication_failed", "assertion_", "certificate_", "trust_"} {
		if strings.HasPrefix(reason, prefix) {
			return true
		}
	}
	return false
}
