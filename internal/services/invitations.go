package services

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/directory/link"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// asked is the body of an invitation.
type asked struct {
	Email        string `json:"email"`
	User         string `json:"user"`
	Name         name   `json:"name"`
	PopulationID string `json:"population_id"`
	Application  string `json:"application"`
	TargetURL    string `json:"target_url"`
	Inviter      string `json:"inviter"`
	Language     string `json:"language"`
	Header       string `json:"header"`
	Footer       string `json:"footer"`
	ExpiresIn    int64  `json:"expires_in"`
	SendEmail    *bool  `json:"send_email"`
}

// invited is the answer to one.
type invited struct {
	ID            string    `json:"id"`
	User          string    `json:"user,omitempty"`
	Email         string    `json:"email"`
	TargetURL     string    `json:"target_url,omitempty"`
	CreatedAt     time.Time `json:"created_at"`
	ExpiresAt     time.Time `json:"expires_at"`
	ActivationURL string    `json:"activation_url,omitempty"`
}

// spec is the body as the room has it.
func (in *asked) spec(c *call) (invitation.Spec, error) {
	s := invitation.Spec{
		Address: in.Email, Name: in.Name.room(), Target: in.TargetURL, Inviter: in.Inviter, Language: in.Language, Header: in.Header,
		Footer: in.Footer, Life: time.Duration(in.ExpiresIn) * time.Second, Shown: in.SendEmail != nil && !*in.SendEmail,
	}
	if in.ExpiresIn < 0 || in.ExpiresIn > int64(30*24*time.Hour/time.Second) {
		return s, fault.On("expires_in", "between 1 and %d seconds", int64(30*24*time.Hour/time.Second))
	}
	for _, id := range []struct {
		field, text string
		into        *uuid.UUID
	}{{"user", in.User, &s.User}, {"population_id", in.PopulationID, &s.Population}, {"application", in.Application, &s.Application}} {
		var err error
		if id.text == "" {
			continue
		}
		if *id.into, err = uuid.Parse(id.text); err != nil {
			return s, fault.On(id.field, "there is no such id")
		}
	}
	if c.family && s.Application != uuid.Nil && s.Application != c.Actor.Application {
		return s, fault.New(fault.Denied, "an application invites to itself")
	}
	if s.Family = c.family; c.family {
		s.Application = c.Actor.Application
	}
	return s, nil
}

func (d *Door) invite(c *call) (int, any, error) {
	var in asked
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	spec, err := in.spec(c)
	if err != nil {
		return 0, nil, err
	}
	var out invited
	err = d.write(c, func(tx *db.Tx) error {
		c.lend(access.WriteUsers)
		spec := spec // a transaction may run twice
		i, url, err := d.Invitations.Invite(tx, &c.Actor, spec)
		if err != nil {
			return err
		}
		out = invited{ID: i.ID.String(), User: i.User.String(), Email: i.Address, TargetURL: i.Target, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, ActivationURL: url.Reveal()}
		if c.family { // which does not learn who else's users are who
			if _, mine, err := link.Has(tx, i.Environment, c.Actor.Application, i.User); err != nil || !mine {
				out.User = ""
				return err
			}
		}
		return nil
	})
	return http.StatusCreated, out, err
}
