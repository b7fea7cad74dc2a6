package application_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// What a credential opens follows from its kind, from what it was made for, and from whether the gate lets it in.
func TestKindDecidesWhatACredentialOpens(t *testing.T) {
	mine, other := uuid.New(), uuid.New()
	for kind, opens := range map[application.Kind]struct{ mine, other, connections bool }{
		application.Service: {}, application.Worker: {}, application.Pair: {}, "": {}, "robot": {},
		application.Global:     {true, true, true},
		application.Exchange:   {true, false, false},
		application.Connection: {false, false, true},
	} {
		for _, enabled := range []bool{true, false} {
			standing := access.Standing{EnvironmentEnabled: true, APIEnabled: true, ApplicationEnabled: enabled, CredentialEnabled: true, Families: access.AllFamilies}
			in := standing.Admit(time.Now(), nil) == access.Admitted
			for what, got := range map[string][2]bool{
				"its own exchange":    {in && kind.OpensExchange(mine, mine), enabled && opens.mine},
				"another's exchange":  {in && kind.OpensExchange(mine, other), enabled && opens.other},
				"the connections API": {in && kind.OpensConnections(), enabled && opens.connections},
			} {
				if got[0] != got[1] {
					t.Errorf("%q, enabled %v, %s: %v", kind, enabled, what, got[0])
				}
			}
		}
	}
	if application.Exchange.OpensExchange(uuid.Nil, mine) || application.Connection.OpensExchange(uuid.Nil, uuid.Nil) {
		t.Error("no target opens something")
	}
}

func TestKindsStartAsTheyShould(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		target := newApp(r, application.Spec{})
		for kind, want := range map[application.Kind]bool{
			"": true, application.Service: true, application.Worker: false, application.Pair: true, application.Exchange: true, application.Connection: true,
		} {
			for _, said := range []*bool{nil, new(true), new(false)} {
				spec := application.Spec{Kind: kind, Enabled: said}
				if kind == application.Exchange {
					spec.Target = target.ID
				}
				enabled := want
				if said != nil {
					enabled = *said
				}
				if a := newApp(r, spec); a.Enabled != enabled {
					r.Errorf("%q, %v: enabled %v", kind, said, a.Enabled)
				}
			}
		}
		create := func(spec application.Spec) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := application.Create(tx, &r.Operator, spec)
				return err
			}
		}
		r.Refused("a second global credential", fault.Conflict, create(application.Spec{Kind: application.Global, Name: "x"}))
		r.Refused("an exchange of nothing", fault.Invalid, create(application.Spec{Kind: application.Exchange, Name: "x"}))
		r.Refused("an exchange of what is not there", fault.NotFound, create(application.Spec{Kind: application.Exchange, Name: "x", Target: uuid.New()}))
		r.Refused("a connection for one application", fault.Invalid, create(application.Spec{Kind: application.Connection, Name: "x", Target: target.ID}))
		r.Refused("a fourth connection", fault.Conflict, create(application.Spec{Kind: application.Connection, Name: "x"}))
	})
}

func TestInstallingTwiceMakesOneGlobalCredential(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		count := func() (n int, names string) {
			r.Write(func(tx *db.Tx) error {
				all, err := application.List(tx, &r.Operator, application.Wanted{Kinds: []application.Kind{application.Global}}, application.Page{Limit: 9})
				n, names = len(all), fmt.Sprint(all[0].Name)
				return err
			})
			return n, names
		}
		r.Write(func(tx *db.Tx) error { return application.Install(tx, r.Home.ID) })
		if n, name := count(); n != 1 || name != application.GlobalName {
			r.Errorf("%d, %q", n, name)
		}
	})
}

// What opens nothing but the exchange of an application goes with it, and no longer counts against the limit.
func TestDeletingAnApplicationTakesTheCredentialsOfItsExchangeAlong(t *testing.T) {
	each(t, func(r rooms) {
		app, other := r.app(application.Spec{Name: "app"}), r.app(application.Spec{Name: "other"})
		mine := r.app(application.Spec{Kind: application.Exchange, Name: "opens app", Target: app.ID})
		others := r.app(application.Spec{Kind: application.Exchange, Name: "opens other", Target: other.ID})
		r.Write(func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, app.ID, 0) })
		r.Refused("the credential of a deleted application's exchange", fault.NotFound, func(tx *db.Tx) error {
			_, err := application.Get(tx, &r.Operator, mine.ID)
			return err
		})
		if r.get(others.ID).Target != other.ID {
			t.Error("another application's is gone, too")
		}
	})
}
