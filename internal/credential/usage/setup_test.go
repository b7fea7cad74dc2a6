package usage_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// rooms are an installation with one application.
type rooms struct {
	*roomtest.Rooms
	app *application.Application
}

func each(t *testing.T, test func(r *rooms)) {
	t.Helper()
	roomtest.Each(t, func(base *roomtest.Rooms) {
		r := &rooms{Rooms: base}
		r.Write(func(tx *db.Tx) (err error) {
			r.app, err = application.Create(tx, &r.Operator, application.Spec{Name: "app"})
			return err
		})
		test(r)
	})
}
