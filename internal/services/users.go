package services

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/directory/link"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// registration is the body that makes a user.
type registration struct {
	UserName          string  `json:"user_name"`
	ExternalID        string  `json:"external_id"`
	Name              name    `json:"name"`
	DisplayName       string  `json:"display_name"`
	Emails            []email `json:"emails"`
	PhoneNumbers      []value `json:"phone_numbers"`
	PreferredLanguage string  `json:"preferred_language"`
	Locale            string  `json:"locale"`
	Timezone          string  `json:"timezone"`
	PopulationID      string  `json:"population_id"`
	// Password makes the user active at once. Without one the user is staged, and activates itself by a link.
	Password string `json:"password"`
	// SendEmail, unless it is false, mails the link to the primary address; else the answer shows it to who may see it.
	SendEmail *bool  `json:"send_email"`
	TargetURL string `json:"target_url"`
}

// register makes a user. By the family the application becomes the user's maker, and may give it a first password: who
// makes somebody knows all there is to know of them.
func (d *Door) register(c *call) (int, any, error) {
	var in registration
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	spec := directory.Spec{Status: directory.Staged, Profile: directory.Profile{
		UserName: in.UserName, ExternalID: in.ExternalID, Name: in.Name.room(), DisplayName: in.DisplayName, Emails: emails(in.Emails),
		PhoneNumbers: values(in.PhoneNumbers), PreferredLanguage: in.PreferredLanguage, Locale: in.Locale, Timezone: in.Timezone,
	}}
	if in.UserName == "" && len(in.Emails) > 0 {
		spec.Profile.UserName = in.Emails[0].Value
	}
	var err error
	if in.PopulationID != "" {
		if spec.Population, err = uuid.Parse(in.PopulationID); err != nil {
			return 0, nil, fault.On("population_id", "there is no such population")
		}
	}
	var prepared *password.Prepared
	if in.Password != "" {
		spec.Status = directory.Active
		c.lend(access.SetPasswords)
		prepared, err = d.Passwords.PrepareNew(c.r.Context(), &c.Actor, password.New{Password: seal.NewSecret(in.Password)}, password.About(&spec.Profile)...)
		if err != nil {
			return 0, nil, err
		}
	}
	var shown user
	err = d.write(c, func(tx *db.Tx) error {
		// Addresses of a user whom the application made are not proven by that, so making comes first and the loan after.
		c.lend()
		u, err := directory.Create(tx, &c.Actor, spec)
		if err != nil {
			return err
		}
		if c.family {
			if err := link.Add(tx, u.Environment, c.Actor.Application, u.ID); err != nil {
				return err
			}
		}
		if prepared != nil {
			c.lend(access.SetPasswords)
			if err := access.Admit(tx, &c.Actor); err != nil {
				return err
			}
			if err := d.Passwords.SetInCreate(tx, &c.Actor, u, prepared); err != nil {
				return err
			}
		}
		shown = show(u, tx.Now())
		if prepared != nil || in.SendEmail == nil && u.Profile.Email() == nil {
			return nil
		}
		shown.ActivationURL, err = d.activate(tx, c, u, &in)
		return err
	})
	return http.StatusCreated, shown, err
}

// activate mails a link to a user who was just made, or returns it to be shown.
func (d *Door) activate(tx *db.Tx, c *call, u *directory.User, in *registration) (string, error) {
	show := in.SendEmail != nil && !*in.SendEmail
	if show && !c.family && !c.Actor.MayOn(access.SetPasswords, access.OverPopulation, u.Population) {
		return "", fault.New(fault.Denied, "to be shown the link needs the scope %s; have it mailed instead", access.SetPasswords)
	}
	if u.Profile.Email() == nil {
		return "", fault.On("emails", "a user without an address cannot be mailed the link")
	}
	spec := invitation.Spec{User: u.ID, Target: in.TargetURL, Language: in.PreferredLanguage, Shown: show}
	if c.family {
		spec.Application = c.Actor.Application
	} else if in.TargetURL != "" {
		return "", fault.On("target_url", "a target is one of an application: send an invitation that names it")
	}
	link, err := d.Invitations.Welcome(tx, u, spec)
	return link.Reveal(), err
}

func (d *Door) getUser(c *call) (int, any, error) {
	var shown user
	err := d.read(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		u, err := directory.Get(tx, &c.Actor, id)
		if err == nil {
			shown = show(u, tx.Now())
		}
		return err
	})
	return http.StatusOK, shown, err
}

// change is a merge patch.
type change struct {
	UserName          patch[string]  `json:"user_name"`
	ExternalID        patch[string]  `json:"external_id"`
	Name              patch[name]    `json:"name"`
	DisplayName       patch[string]  `json:"display_name"`
	Emails            patch[[]email] `json:"emails"`
	PhoneNumbers      patch[[]value] `json:"phone_numbers"`
	PreferredLanguage patch[string]  `json:"preferred_language"`
	Locale            patch[string]  `json:"locale"`
	Timezone          patch[string]  `json:"timezone"`
}

func (p *change) apply(s *directory.Spec) {
	to := &s.Profile
	p.UserName.apply(&to.UserName)
	p.ExternalID.apply(&to.ExternalID)
	p.DisplayName.apply(&to.DisplayName)
	p.PreferredLanguage.apply(&to.PreferredLanguage)
	p.Locale.apply(&to.Locale)
	p.Timezone.apply(&to.Timezone)
	if p.Name.set {
		to.Name = p.Name.value.room()
	}
	if p.Emails.set {
		to.Emails = emails(p.Emails.value)
	}
	if p.PhoneNumbers.set {
		to.PhoneNumbers = values(p.PhoneNumbers.value)
	}
}

func (d *Door) changeUser(c *call) (int, any, error) {
	var in change
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	var shown user
	err := d.write(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		u, err := directory.Change(tx, &c.Actor, id, 0, in.apply)
		if err == nil {
			shown = show(u, tx.Now())
		}
		return err
	})
	return http.StatusOK, shown, err
}

func (d *Door) deleteUser(c *call) (int, any, error) {
	return http.StatusNoContent, nil, d.write(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		return directory.Delete(tx, &c.Actor, id, 0)
	})
}

const (
	pageLimit    = 50
	maxPageLimit = 200
)

// query reads the parameters of a list.
func (d *Door) query(c *call) (which roll.Which, limit int, after uuid.UUID, err error) {
	limit = pageLimit
	for key, all := range c.r.URL.Query() {
		if len(all) > 1 {
			return which, 0, after, fault.On("query."+key, "given %d times", len(all))
		}
		switch key {
		case "user_name":
			which.UserName = all[0]
		case "email":
			which.Email = all[0]
		case "limit":
			if limit, err = strconv.Atoi(all[0]); err != nil || limit < 1 || limit > maxPageLimit {
				return which, 0, after, fault.On("query.limit", "between 1 and %d", maxPageLimit)
			}
		case "cursor":
			var text string
			if err = d.Cursors.Read(all[0], c.list(), &text); err != nil {
				return which, 0, after, err
			}
			if after, err = uuid.Parse(text); err != nil {
				return which, 0, after, err
			}
		default:
			return which, 0, after, fault.On("query."+key, "there is no such parameter")
		}
	}
	return which, limit, after, nil
}

func (c *call) list() string {
	return "services users " + c.Actor.Environment.String() + c.Actor.Application.String() + strconv.FormatBool(c.family)
}

func (d *Door) listUsers(c *call) (int, any, error) {
	which, limit, after, err := d.query(c)
	if err != nil {
		return 0, nil, err
	}
	var page web.Page[user]
	err = d.read(c, func(tx *db.Tx) error {
		rows, err := c.users(tx, which, directory.Page{After: after, Limit: limit + 1})
		page = web.Cut(rows, limit, func(u *directory.User) user { return show(u, tx.Now()) },
			func(u *directory.User) string { return d.Cursors.Make(c.list(), u.ID.String()) })
		return err
	})
	return http.StatusOK, page, err
}

// users returns those whom the caller reaches.
func (c *call) users(tx *db.Tx, which roll.Which, page directory.Page) ([]*directory.User, error) {
	if !c.family {
		return roll.Users(tx, &c.Actor, which, page)
	}
	if which.UserName != "" || which.Email != "" {
		found, err := roll.Users(tx, &c.Actor, which, page)
		return slices.DeleteFunc(found, func(u *directory.User) bool {
			_, ok, failed := link.Has(tx, u.Environment, c.Actor.Application, u.ID)
			if failed != nil {
				err = failed
			}
			return !ok
		}), err
	}
	ids, err := link.Users(tx, c.Actor.Environment, c.Actor.Application, page.After, page.Limit)
	if err != nil {
		return nil, err
	}
	var all []*directory.User
	for _, id := range ids {
		u, err := directory.Get(tx, &c.Actor, id)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}
