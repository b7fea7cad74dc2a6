package signin

import (
	"net/http"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// account is what the pages of a person who is signed in show.
type account struct {
	User *directory.User
}

// signedIn returns the session of whoever asks for one of its own pages. Whoever has none is sent to sign in, and back to here
// afterwards. up leads from the page to the root of the environment.
func (d *Door) signedIn(w http.ResponseWriter, r *http.Request, up string) (*session.Session, bool) {
	s, _, err := d.visitor(w, r)
	switch {
	case fault.Is(err, fault.Unauthenticated):
		seeOther(w, speaking(r, up+"signin"))
		return nil, false
	case err != nil:
		d.fail(w, r, err)
		return nil, false
	}
	if err := d.Sessions.Touch(r.Context(), d.DB, s, addressOf(w), d.DB.Now()); err != nil {
		d.fail(w, r, err)
		return nil, false
	}
	return s, true
}

func (d *Door) account(w http.ResponseWriter, r *http.Request) {
	s, ok := d.signedIn(w, r, "")
	if !ok {
		return
	}
	shown := &account{}
	err := d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		shown.User, err = directory.Load(tx, web.Of(w).Environment.ID, s.User)
		return err
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, page{State: "account", Language: language(r, ""), Account: shown})
}
