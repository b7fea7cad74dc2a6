package services

import (
	"time"

	"github.com/counterfoil/counterfoil/internal/directory"
)

// user is a [directory.User] on the wire.
type user struct {
	ID                string    `json:"id"`
	Number            int64     `json:"number"`
	UserName          string    `json:"user_name"`
	ExternalID        string    `json:"external_id,omitempty"`
	Name              name      `json:"name,omitzero"`
	DisplayName       string    `json:"display_name,omitempty"`
	Emails            []email   `json:"emails,omitempty"`
	PhoneNumbers      []value   `json:"phone_numbers,omitempty"`
	PreferredLanguage string    `json:"preferred_language,omitempty"`
	Locale            string    `json:"locale,omitempty"`
	Timezone          string    `json:"timezone,omitempty"`
	PopulationID      string    `json:"population_id"`
	Status            string    `json:"status"`
	State             string    `json:"state"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	ActivatedAt       time.Time `json:"activated_at,omitzero"`
	LastLoginAt       time.Time `json:"last_login_at,omitzero"`
	// ActivationURL is in the answer to a registration that asked for it.
	ActivationURL string `json:"activation_url,omitempty"`
}

type name struct {
	Formatted       string `json:"formatted,omitempty"`
	GivenName       string `json:"given_name,omitempty"`
	FamilyName      string `json:"family_name,omitempty"`
	MiddleName      string `json:"middle_name,omitempty"`
	HonorificPrefix string `json:"honorific_prefix,omitempty"`
	HonorificSuffix string `json:"honorific_suffix,omitempty"`
}

type email struct {
	Value    string `json:"value"`
	Type     string `json:"type,omitempty"`
	Display  string `json:"display,omitempty"`
	Primary  bool   `json:"primary,omitempty"`
	Verified bool   `json:"verified,omitempty"`
}

type value struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Display string `json:"display,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

func (n name) room() directory.Name {
	return directory.Name{
		Formatted: n.Formatted, GivenName: n.GivenName, FamilyName: n.FamilyName, MiddleName: n.MiddleName,
		HonorificPrefix: n.HonorificPrefix, HonorificSuffix: n.HonorificSuffix,
	}
}

func emails(list []email) []directory.Email {
	var all []directory.Email
	for _, e := range list {
		all = append(all, directory.Email{Value: e.Value, Type: e.Type, Display: e.Display, Primary: e.Primary, Verified: e.Verified})
	}
	return all
}

func values(list []value) []directory.MultiValue {
	var all []directory.MultiValue
	for _, v := range list {
		all = append(all, directory.MultiValue(v))
	}
	return all
}

func show(u *directory.User, now time.Time) user {
	p := &u.Profile
	shown := user{
		ID: u.ID.String(), Number: u.Number, UserName: p.UserName, ExternalID: p.ExternalID, DisplayName: p.DisplayName,
		Name: name{
			Formatted: p.Name.Formatted, GivenName: p.Name.GivenName, FamilyName: p.Name.FamilyName, MiddleName: p.Name.MiddleName,
			HonorificPrefix: p.Name.HonorificPrefix, HonorificSuffix: p.Name.HonorificSuffix,
		},
		PreferredLanguage: p.PreferredLanguage, Locale: p.Locale, Timezone: p.Timezone, PopulationID: u.Population.String(),
		Status: string(u.Status), State: string(u.State(now)), CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, ActivatedAt: u.ActivatedAt,
		LastLoginAt: u.LastLoginAt,
	}
	for _, e := range p.Emails {
		shown.Emails = append(shown.Emails, email(e))
	}
	for _, v := range p.PhoneNumbers {
		shown.PhoneNumbers = append(shown.PhoneNumbers, value(v))
	}
	return shown
}
