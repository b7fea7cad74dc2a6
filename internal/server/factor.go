package server

import (
	"cmp"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// factors returns who keeps the second factors of users. Codes go by letter, if there is a way to send one.
func (h *House) factors() *factor.Authority {
	a := &factor.Authority{Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}}
	if h.letters.Carrier != nil {
		a.Post = h.postCode
	}
	return a
}

func (h *House) postCode(tx *db.Tx, u *directory.User, to string, code seal.Secret, until time.Time) error {
	return letter.Post(tx, h.vault, letter.Letter{
		Environment: u.Environment, To: to, Language: cmp.Or(u.Profile.PreferredLanguage, u.Profile.Locale), Kind: letter.EmailCode,
		Data: letter.Data{Name: u.Profile.Shown(), Code: code, Until: until},
	})
}
