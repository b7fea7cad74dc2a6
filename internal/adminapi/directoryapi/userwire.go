package directoryapi

import (
	"time"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
)

// User is a [directory.User] on the wire.
type User struct {
	rest.Row
	ID     string `json:"id" format:"uuid"`
	Number int64  `json:"number" doc:"A second id, for systems that know only numbers. It stays, too."`
	UserProfile
	PopulationID  string    `json:"population_id" format:"uuid"`
	Status        string    `json:"status" enum:"unapproved,rejected,staged,active,suspended" doc:"Where the user is in life, whatever its password and locks say."`
	State         string    `json:"state" enum:"unapproved,rejected,staged,active,suspended,locked,password_pending,password_expired,password_reset_required" doc:"Whether the user may sign in, in one word: the status, unless that is active and a lock or the password says otherwise. Only active may."`
	PasswordState string    `json:"password_state" enum:"none,pending,set,expired,reset_required"`
	LockedUntil   time.Time `json:"locked_until,omitzero" doc:"When the last lock ends or ended; absent: there was none. In the year 9999: when somebody unlocks the user."`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
	ActivatedAt   time.Time `json:"activated_at,omitzero" doc:"When the user was active for the first time; absent: never."`
	LastLoginAt   time.Time `json:"last_login_at,omitzero" doc:"Absent: never."`
}

// NewUser is the body that makes a user.
type NewUser struct {
	UserProfile
	PopulationID string `json:"population_id,omitempty" doc:"The default population unless given."`
	Status       string `json:"status,omitempty" enum:"unapproved,staged,active,suspended" doc:"active unless given. A staged user becomes active by a link or by hand."`
}

// UserProfile is a [directory.Profile] on the wire: what is known of a user (RFC 7643 §4.1). Everything but the user name may
// be absent.
type UserProfile struct {
	UserName          string                    `json:"user_name" minLength:"1" doc:"Unique in the environment, whatever its case and width, also among addresses."`
	ExternalID        string                    `json:"external_id,omitempty" doc:"What another system calls the user."`
	Name              PersonName                `json:"name,omitzero"`
	DisplayName       string                    `json:"display_name,omitempty"`
	NickName          string                    `json:"nick_name,omitempty"`
	ProfileURL        string                    `json:"profile_url,omitempty"`
	Title             string                    `json:"title,omitempty"`
	UserType          string                    `json:"user_type,omitempty"`
	PreferredLanguage string                    `json:"preferred_language,omitempty" doc:"Such as de or en-GB (RFC 9110 §12.5.4); mails are written in it."`
	Locale            string                    `json:"locale,omitempty"`
	Timezone          string                    `json:"timezone,omitempty" doc:"Such as Europe/Berlin."`
	Emails            []UserEmail               `json:"emails,omitempty" maxItems:"50" doc:"Each is unique in the environment, whatever its case and width."`
	PhoneNumbers      []UserValue               `json:"phone_numbers,omitempty" maxItems:"50"`
	IMs               []UserValue               `json:"ims,omitempty" maxItems:"50"`
	Photos            []UserValue               `json:"photos,omitempty" maxItems:"50"`
	Addresses         []UserAddress             `json:"addresses,omitempty" maxItems:"50"`
	Entitlements      []UserValue               `json:"entitlements,omitempty" maxItems:"50"`
	X509Certificates  []UserValue               `json:"x509_certificates,omitempty" maxItems:"50"`
	Enterprise        UserEnterprise            `json:"enterprise,omitzero"`
	Custom            map[string]map[string]any `json:"custom,omitempty" doc:"Attributes of custom schemas, by the schema's URN."`
}

// PersonName is what a person is called.
type PersonName struct {
	Formatted       string `json:"formatted,omitempty"`
	GivenName       string `json:"given_name,omitempty"`
	FamilyName      string `json:"family_name,omitempty"`
	MiddleName      string `json:"middle_name,omitempty"`
	HonorificPrefix string `json:"honorific_prefix,omitempty"`
	HonorificSuffix string `json:"honorific_suffix,omitempty"`
}

// UserEmail is an address for mail.
type UserEmail struct {
	Value    string `json:"value" minLength:"1"`
	Type     string `json:"type,omitempty" doc:"Such as work or home."`
	Display  string `json:"display,omitempty"`
	Primary  bool   `json:"primary,omitempty" doc:"The first one is unless another says so."`
	Verified bool   `json:"verified,omitempty" doc:"The user is known to read mail there. An address that comes from whoever may set the user's password is taken for verified; from others this member changes nothing."`
}

// UserValue is a value of a multi-valued attribute (RFC 7643 §2.4).
type UserValue struct {
	Value   string `json:"value" minLength:"1"`
	Type    string `json:"type,omitempty"`
	Display string `json:"display,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// UserAddress is a physical address.
type UserAddress struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"street_address,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postal_code,omitempty"`
	Country       string `json:"country,omitempty"`
	Type          string `json:"type,omitempty"`
	Primary       bool   `json:"primary,omitempty"`
}

// UserEnterprise is a user's place in an organization (RFC 7643 §4.3).
type UserEnterprise struct {
	EmployeeNumber string      `json:"employee_number,omitempty"`
	CostCenter     string      `json:"cost_center,omitempty"`
	Organization   string      `json:"organization,omitempty"`
	Division       string      `json:"division,omitempty"`
	Department     string      `json:"department,omitempty"`
	Manager        UserManager `json:"manager,omitzero"`
}

// UserManager is whom a user reports to.
type UserManager struct {
	Value       string `json:"value,omitempty" doc:"The id of a user."`
	DisplayName string `json:"display_name,omitempty"`
}

// profile is p as the room has it.
func (p *UserProfile) profile() directory.Profile {
	return directory.Profile{
		UserName: p.UserName, ExternalID: p.ExternalID, Name: p.Name.room(), DisplayName: p.DisplayName, NickName: p.NickName,
		ProfileURL: p.ProfileURL, Title: p.Title, UserType: p.UserType, PreferredLanguage: p.PreferredLanguage, Locale: p.Locale,
		Timezone: p.Timezone, Emails: emails(p.Emails), PhoneNumbers: values(p.PhoneNumbers), IMs: values(p.IMs),
		Photos: values(p.Photos), Addresses: addresses(p.Addresses), Entitlements: values(p.Entitlements),
		X509Certificates: values(p.X509Certificates), Enterprise: p.Enterprise.room(), Custom: custom(p.Custom),
	}
}

func (n PersonName) room() directory.Name {
	return directory.Name{
		Formatted: n.Formatted, GivenName: n.GivenName, FamilyName: n.FamilyName, MiddleName: n.MiddleName,
		HonorificPrefix: n.HonorificPrefix, HonorificSuffix: n.HonorificSuffix,
	}
}

func (e UserEnterprise) room() directory.Enterprise {
	return directory.Enterprise{
		EmployeeNumber: e.EmployeeNumber, CostCenter: e.CostCenter, Organization: e.Organization, Division: e.Division,
		Department: e.Department, Manager: directory.Manager(e.Manager),
	}
}

func emails(all []UserEmail) []directory.Email {
	return each(all, func(e UserEmail) directory.Email { return directory.Email(e) })
}

func values(all []UserValue) []directory.MultiValue {
	return each(all, func(v UserValue) directory.MultiValue { return directory.MultiValue(v) })
}

func addresses(all []UserAddress) []directory.Address {
	return each(all, func(a UserAddress) directory.Address { return directory.Address(a) })
}

func each[A, B any](all []A, turn func(A) B) []B {
	var turned []B
	for _, one := range all {
		turned = append(turned, turn(one))
	}
	return turned
}

func showUser(tx *db.Tx, u *directory.User) User {
	return User{
		Row: rest.RowOf(u.ID, u.Version), ID: u.ID.String(), Number: u.Number, UserProfile: showProfile(&u.Profile),
		PopulationID: u.Population.String(), Status: string(u.Status), State: string(u.State(tx.Now())), PasswordState: string(u.Password),
		LockedUntil: u.LockedUntil, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, ActivatedAt: u.ActivatedAt, LastLoginAt: u.LastLoginAt,
	}
}

func showProfile(p *directory.Profile) UserProfile {
	n, e := &p.Name, &p.Enterprise
	value := func(v directory.MultiValue) UserValue { return UserValue(v) }
	return UserProfile{
		UserName: p.UserName, ExternalID: p.ExternalID, DisplayName: p.DisplayName, NickName: p.NickName, ProfileURL: p.ProfileURL,
		Name: PersonName{
			Formatted: n.Formatted, GivenName: n.GivenName, FamilyName: n.FamilyName, MiddleName: n.MiddleName,
			HonorificPrefix: n.HonorificPrefix, HonorificSuffix: n.HonorificSuffix,
		},
		Title: p.Title, UserType: p.UserType, PreferredLanguage: p.PreferredLanguage, Locale: p.Locale, Timezone: p.Timezone,
		Emails:       each(p.Emails, func(e directory.Email) UserEmail { return UserEmail(e) }),
		PhoneNumbers: each(p.PhoneNumbers, value), IMs: each(p.IMs, value), Photos: each(p.Photos, value),
		Addresses:    each(p.Addresses, func(a directory.Address) UserAddress { return UserAddress(a) }),
		Entitlements: each(p.Entitlements, value), X509Certificates: each(p.X509Certificates, value),
		Enterprise: UserEnterprise{
			EmployeeNumber: e.EmployeeNumber, CostCenter: e.CostCenter, Organization: e.Organization, Division: e.Division,
			Department: e.Department, Manager: UserManager(e.Manager),
		},
		Custom: p.Custom,
	}
}
