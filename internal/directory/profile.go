package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// EnterpriseURN names the extension of RFC 7643 §4.3.
const EnterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// Profile is what is known of a user, as RFC 7643 §4.1 and §4.3 name it. All of it may be empty but the user name.
type Profile struct {
	UserName          string       `json:"userName"`
	ExternalID        string       `json:"externalId,omitempty"`
	Name              Name         `json:"name,omitzero"`
	DisplayName       string       `json:"displayName,omitempty"`
	NickName          string       `json:"nickName,omitempty"`
	ProfileURL        string       `json:"profileUrl,omitempty"`
	Title             string       `json:"title,omitempty"`
	UserType          string       `json:"userType,omitempty"`
	PreferredLanguage string       `json:"preferredLanguage,omitempty"`
	Locale            string       `json:"locale,omitempty"`
	Timezone          string       `json:"timezone,omitempty"`
	Emails            []Email      `json:"emails,omitempty"`
	PhoneNumbers      []MultiValue `json:"phoneNumbers,omitempty"`
	IMs               []MultiValue `json:"ims,omitempty"`
	Photos            []MultiValue `json:"photos,omitempty"`
	Addresses         []Address    `json:"addresses,omitempty"`
	Entitlements      []MultiValue `json:"entitlements,omitempty"`
	X509Certificates  []MultiValue `json:"x509Certificates,omitempty"`
	Enterprise        Enterprise   `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitzero"`
	// Custom are the values of custom schemas: URN, attribute, value.
	Custom map[string]map[string]any `json:"-"`
}

// Name is the complex attribute name.
type Name struct {
	Formatted       string `json:"formatted,omitempty"`
	FamilyName      string `json:"familyName,omitempty"`
	GivenName       string `json:"givenName,omitempty"`
	MiddleName      string `json:"middleName,omitempty"`
	HonorificPrefix string `json:"honorificPrefix,omitempty"`
	HonorificSuffix string `json:"honorificSuffix,omitempty"`
}

// Email is one address. The first is the primary one, if no other says that it is.
type Email struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Display string `json:"display,omitempty"`
	Primary bool   `json:"primary,omitempty"`
	// Verified says that the user reads mail there: proven by a link, or vouched for by somebody who may set passwords.
	Verified bool `json:"verified,omitempty"`
}

// MultiValue is one value of a multi-valued attribute (RFC 7643 §2.4).
type MultiValue struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Display string `json:"display,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// Address is one physical address.
type Address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"streetAddress,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postalCode,omitempty"`
	Country       string `json:"country,omitempty"`
	Type          string `json:"type,omitempty"`
	Primary       bool   `json:"primary,omitempty"`
}

// Enterprise is the enterprise extension.
type Enterprise struct {
	EmployeeNumber string  `json:"employeeNumber,omitempty"`
	CostCenter     string  `json:"costCenter,omitempty"`
	Organization   string  `json:"organization,omitempty"`
	Division       string  `json:"division,omitempty"`
	Department     string  `json:"department,omitempty"`
	Manager        Manager `json:"manager,omitzero"`
}

// Manager is who a user reports to.
type Manager struct {
	Value       string `json:"value,omitempty"` // a user's id
	DisplayName string `json:"displayName,omitempty"`
}

type plainProfile Profile

// MarshalJSON puts custom schemas beside the other members.
func (p Profile) MarshalJSON() ([]byte, error) {
	plain, err := json.Marshal(plainProfile(p))
	if err != nil || len(p.Custom) == 0 {
		return plain, err
	}
	custom, err := json.Marshal(p.Custom)
	if err != nil {
		return nil, err
	}
	return append(append(plain[:len(plain)-1], ','), custom[1:]...), nil
}

// UnmarshalJSON takes every member whose name is a URN, but the enterprise extension, for a custom schema.
func (p *Profile) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*plainProfile)(p)); err != nil {
		return err
	}
	p.Custom = nil
	if bytes.Count(text, []byte(`"urn:`)) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, value := range members {
		if !strings.HasPrefix(name, "urn:") || name == EnterpriseURN {
			continue
		}
		var values map[string]any
		if err := json.Unmarshal(value, &values); err != nil {
			return err
		}
		if p.Custom == nil {
			p.Custom = map[string]map[string]any{}
		}
		p.Custom[name] = values
	}
	return nil
}

const (
	maxProfile = 64 << 10
	maxValues  = 50
)

// tidy brings a profile into the form in which it is kept, or refuses it ([fault.Invalid]).
func (p *Profile) tidy() error {
	p.UserName = strings.TrimSpace(p.UserName)
	if err := validUserName("user_name", p.UserName); err != nil {
		return err
	}
	for field, text := range map[string]string{
		"external_id": p.ExternalID, "name.formatted": p.Name.Formatted, "name.family_name": p.Name.FamilyName,
		"name.given_name": p.Name.GivenName, "name.middle_name": p.Name.MiddleName, "display_name": p.DisplayName,
		"name.honorific_prefix": p.Name.HonorificPrefix, "name.honorific_suffix": p.Name.HonorificSuffix,
		"nick_name": p.NickName, "profile_url": p.ProfileURL, "title": p.Title, "user_type": p.UserType,
		"preferred_language": p.PreferredLanguage, "locale": p.Locale, "timezone": p.Timezone,
		"enterprise.employee_number": p.Enterprise.EmployeeNumber, "enterprise.department": p.Enterprise.Department,
		"enterprise.cost_center": p.Enterprise.CostCenter, "enterprise.division": p.Enterprise.Division,
		"enterprise.organization": p.Enterprise.Organization, "enterprise.manager": p.Enterprise.Manager.Value,
		"enterprise.manager.display_name": p.Enterprise.Manager.DisplayName,
	} {
		if err := validText(field, text, maxText); err != nil {
			return err
		}
	}
	for field, n := range map[string]int{
		"emails": len(p.Emails), "phone_numbers": len(p.PhoneNumbers), "ims": len(p.IMs), "photos": len(p.Photos),
		"addresses": len(p.Addresses), "entitlements": len(p.Entitlements), "x509_certificates": len(p.X509Certificates),
	} {
		if n > maxValues {
			return fault.On(field, "at most %d values", maxValues)
		}
	}
	return p.tidyEmails()
}

func (p *Profile) tidyEmails() error {
	var seen []string
	primary := -1
	for i := range p.Emails {
		e := &p.Emails[i]
		field := fmt.Sprintf("emails[%d]", i)
		e.Value = strings.TrimSpace(e.Value)
		if err := validAddress(field, e.Value); err != nil {
			return err
		}
		folded := Fold(e.Value)
		if slices.Contains(seen, folded) {
			return fault.On(field, "this address is there twice")
		}
		seen = append(seen, folded)
		if e.Primary && primary >= 0 {
			return fault.On(field, "one address at most is the primary one")
		}
		if e.Primary {
			primary = i
		}
	}
	if primary < 0 && len(p.Emails) > 0 {
		p.Emails[0].Primary = true
	}
	return nil
}

// Email returns the primary address, or nil if there is none at all.
func (p *Profile) Email() *Email {
	for i := range p.Emails {
		if p.Emails[i].Primary {
			return &p.Emails[i]
		}
	}
	return nil
}

// verify marks the addresses that vouched says, and those that the user had before as they were.
func (p *Profile) verify(before []Email, vouched bool) {
	known := map[string]bool{}
	for _, e := range before {
		known[Fold(e.Value)] = e.Verified
	}
	for i := range p.Emails {
		was, had := known[Fold(p.Emails[i].Value)]
		p.Emails[i].Verified = was || vouched && (!had || p.Emails[i].Verified)
	}
}

// clone returns a profile that shares nothing with p.
func (p *Profile) clone() Profile {
	c := *p
	c.Emails, c.PhoneNumbers, c.IMs = slices.Clone(p.Emails), slices.Clone(p.PhoneNumbers), slices.Clone(p.IMs)
	c.Photos, c.Addresses = slices.Clone(p.Photos), slices.Clone(p.Addresses)
	c.Entitlements, c.X509Certificates = slices.Clone(p.Entitlements), slices.Clone(p.X509Certificates)
	if c.Custom != nil {
		c.Custom = maps.Clone(p.Custom)
		for urn := range c.Custom {
			c.Custom[urn] = maps.Clone(c.Custom[urn])
		}
	}
	return c
}

// Shown is what a user is called where people read it: the display name, else the name's parts, else the user name.
func (p *Profile) Shown() string {
	parts := strings.TrimSpace(p.Name.GivenName + " " + p.Name.FamilyName)
	for _, name := range []string{p.DisplayName, p.Name.Formatted, parts} {
		if name != "" {
			return name
		}
	}
	return p.UserName
}
