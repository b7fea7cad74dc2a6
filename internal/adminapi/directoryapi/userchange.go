package directoryapi

import (
	"maps"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// UserChange is a merge patch. Objects in it are merge patches of the objects that they name; lists replace whole lists.
type UserChange struct {
	UserName          rest.Patch[string]               `json:"user_name,omitzero"`
	ExternalID        rest.Patch[string]               `json:"external_id,omitzero"`
	Name              rest.Patch[PersonNameChange]     `json:"name,omitzero"`
	DisplayName       rest.Patch[string]               `json:"display_name,omitzero"`
	NickName          rest.Patch[string]               `json:"nick_name,omitzero"`
	ProfileURL        rest.Patch[string]               `json:"profile_url,omitzero"`
	Title             rest.Patch[string]               `json:"title,omitzero"`
	UserType          rest.Patch[string]               `json:"user_type,omitzero"`
	PreferredLanguage rest.Patch[string]               `json:"preferred_language,omitzero"`
	Locale            rest.Patch[string]               `json:"locale,omitzero"`
	Timezone          rest.Patch[string]               `json:"timezone,omitzero"`
	Emails            rest.Patch[[]UserEmail]          `json:"emails,omitzero" maxItems:"50"`
	PhoneNumbers      rest.Patch[[]UserValue]          `json:"phone_numbers,omitzero" maxItems:"50"`
	IMs               rest.Patch[[]UserValue]          `json:"ims,omitzero" maxItems:"50"`
	Photos            rest.Patch[[]UserValue]          `json:"photos,omitzero" maxItems:"50"`
	Addresses         rest.Patch[[]UserAddress]        `json:"addresses,omitzero" maxItems:"50"`
	Entitlements      rest.Patch[[]UserValue]          `json:"entitlements,omitzero" maxItems:"50"`
	X509Certificates  rest.Patch[[]UserValue]          `json:"x509_certificates,omitzero" maxItems:"50"`
	Enterprise        rest.Patch[UserEnterpriseChange] `json:"enterprise,omitzero"`
	Custom            rest.Patch[map[string]any]       `json:"custom,omitzero" doc:"Attributes of custom schemas, by the schema's URN; null takes an attribute, or a schema with all of them, from the user."`
	PopulationID      rest.Patch[string]               `json:"population_id,omitzero" doc:"null: the default population."`
}

// PersonNameChange is a merge patch.
type PersonNameChange struct {
	Formatted       rest.Patch[string] `json:"formatted,omitzero"`
	GivenName       rest.Patch[string] `json:"given_name,omitzero"`
	FamilyName      rest.Patch[string] `json:"family_name,omitzero"`
	MiddleName      rest.Patch[string] `json:"middle_name,omitzero"`
	HonorificPrefix rest.Patch[string] `json:"honorific_prefix,omitzero"`
	HonorificSuffix rest.Patch[string] `json:"honorific_suffix,omitzero"`
}

// UserEnterpriseChange is a merge patch.
type UserEnterpriseChange struct {
	EmployeeNumber rest.Patch[string]            `json:"employee_number,omitzero"`
	CostCenter     rest.Patch[string]            `json:"cost_center,omitzero"`
	Organization   rest.Patch[string]            `json:"organization,omitzero"`
	Division       rest.Patch[string]            `json:"division,omitzero"`
	Department     rest.Patch[string]            `json:"department,omitzero"`
	Manager        rest.Patch[UserManagerChange] `json:"manager,omitzero"`
}

// UserManagerChange is a merge patch.
type UserManagerChange struct {
	Value       rest.Patch[string] `json:"value,omitzero"`
	DisplayName rest.Patch[string] `json:"display_name,omitzero"`
}

func (c *UserChange) apply(p *directory.Profile) {
	c.UserName.Apply(&p.UserName, "")
	c.ExternalID.Apply(&p.ExternalID, "")
	merge(c.Name, &p.Name, (*PersonNameChange).apply)
	c.DisplayName.Apply(&p.DisplayName, "")
	c.NickName.Apply(&p.NickName, "")
	c.ProfileURL.Apply(&p.ProfileURL, "")
	c.Title.Apply(&p.Title, "")
	c.UserType.Apply(&p.UserType, "")
	c.PreferredLanguage.Apply(&p.PreferredLanguage, "")
	c.Locale.Apply(&p.Locale, "")
	c.Timezone.Apply(&p.Timezone, "")
	rest.Mapped(c.Emails, emails).Apply(&p.Emails, nil)
	rest.Mapped(c.PhoneNumbers, values).Apply(&p.PhoneNumbers, nil)
	rest.Mapped(c.IMs, values).Apply(&p.IMs, nil)
	rest.Mapped(c.Photos, values).Apply(&p.Photos, nil)
	rest.Mapped(c.Addresses, addresses).Apply(&p.Addresses, nil)
	rest.Mapped(c.Entitlements, values).Apply(&p.Entitlements, nil)
	rest.Mapped(c.X509Certificates, values).Apply(&p.X509Certificates, nil)
	merge(c.Enterprise, &p.Enterprise, (*UserEnterpriseChange).apply)
	merge(c.Custom, &p.Custom, mergeCustom)
}

func (c *PersonNameChange) apply(n *directory.Name) {
	c.Formatted.Apply(&n.Formatted, "")
	c.GivenName.Apply(&n.GivenName, "")
	c.FamilyName.Apply(&n.FamilyName, "")
	c.MiddleName.Apply(&n.MiddleName, "")
	c.HonorificPrefix.Apply(&n.HonorificPrefix, "")
	c.HonorificSuffix.Apply(&n.HonorificSuffix, "")
}

func (c *UserEnterpriseChange) apply(e *directory.Enterprise) {
	c.EmployeeNumber.Apply(&e.EmployeeNumber, "")
	c.CostCenter.Apply(&e.CostCenter, "")
	c.Organization.Apply(&e.Organization, "")
	c.Division.Apply(&e.Division, "")
	c.Department.Apply(&e.Department, "")
	merge(c.Manager, &e.Manager, func(c *UserManagerChange, m *directory.Manager) {
		c.Value.Apply(&m.Value, "")
		c.DisplayName.Apply(&m.DisplayName, "")
	})
}

// merge does to *to what a patch of an object says; null resets the object.
func merge[P, R any](p rest.Patch[P], to *R, apply func(*P, *R)) {
	rest.Mapped(p, func(change P) R {
		now := *to
		apply(&change, &now)
		return now
	}).Apply(to, *new(R))
}

// checkCustom refuses what is no object where the attributes of a schema should be.
func checkCustom(change map[string]any) error {
	for urn, values := range change {
		if _, ok := values.(map[string]any); !ok && values != nil {
			return fault.On("custom", "what stands under %s must be an object or null", strconv.Quote(urn))
		}
	}
	return nil
}

// mergeCustom merges attributes of custom schemas (RFC 7396).
func mergeCustom(change *map[string]any, to *map[string]map[string]any) {
	now := maps.Clone(*to)
	if now == nil {
		now = map[string]map[string]any{}
	}
	for urn, values := range *change {
		merged, _ := mergeValue(anyOf(now[urn]), values).(map[string]any)
		if len(merged) == 0 {
			delete(now, urn)
			continue
		}
		now[urn] = merged
	}
	*to = custom(now)
}

func anyOf(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}

// mergeValue is the function MergePatch of RFC 7396 §2.
func mergeValue(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	was, _ := target.(map[string]any)
	merged := map[string]any{}
	maps.Copy(merged, was)
	for name, value := range changes {
		if value == nil {
			delete(merged, name)
			continue
		}
		merged[name] = mergeValue(merged[name], value)
	}
	return merged
}

// custom leaves out schemas of which there is no attribute.
func custom(all map[string]map[string]any) map[string]map[string]any {
	var some map[string]map[string]any
	for urn, values := range all {
		if len(values) == 0 {
			continue
		}
		if some == nil {
			some = map[string]map[string]any{}
		}
		some[urn] = values
	}
	return some
}
