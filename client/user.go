package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// User is a person of an environment.
type User struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID string `json:"id"`
	// Number is a second id, for systems that know only numbers.
	Number int64 `json:"number"`
	UserProfile
	PopulationID string `json:"population_id"`
	// Status is "unapproved", "rejected", "staged", "active" or "suspended", whatever password and locks say.
	Status string `json:"status"`
	// State says in one word whether the user may sign in, which only "active" does: the status, unless that is active and
	// a lock or the password says otherwise ("locked", "password_pending", "password_expired", "password_reset_required").
	State string `json:"state"`
	// PasswordState is "none", "pending", "set", "expired" or "reset_required".
	PasswordState string `json:"password_state"`
	// LockedUntil is when the last lock ends or ended; in the year 9999 if somebody must end it.
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	ActivatedAt *time.Time `json:"activated_at,omitempty"`
	LastLoginAt *time.Time `json:"last_login_at,omitempty"`
}

// UserProfile is what is known of a user, by the names of RFC 7643 §4.1. All of it may be empty but the user name.
type UserProfile struct {
	// UserName is unique in the environment, whatever its case and width, and so is every address.
	UserName string `json:"user_name"`
	// ExternalID is what another system calls the user.
	ExternalID        string         `json:"external_id,omitempty"`
	Name              PersonName     `json:"name,omitzero"`
	DisplayName       string         `json:"display_name,omitempty"`
	NickName          string         `json:"nick_name,omitempty"`
	ProfileURL        string         `json:"profile_url,omitempty"`
	Title             string         `json:"title,omitempty"`
	UserType          string         `json:"user_type,omitempty"`
	PreferredLanguage string         `json:"preferred_language,omitempty"`
	Locale            string         `json:"locale,omitempty"`
	Timezone          string         `json:"timezone,omitempty"`
	Emails            []UserEmail    `json:"emails,omitempty"`
	PhoneNumbers      []UserValue    `json:"phone_numbers,omitempty"`
	IMs               []UserValue    `json:"ims,omitempty"`
	Photos            []UserValue    `json:"photos,omitempty"`
	Addresses         []UserAddress  `json:"addresses,omitempty"`
	Entitlements      []UserValue    `json:"entitlements,omitempty"`
	X509Certificates  []UserValue    `json:"x509_certificates,omitempty"`
	Enterprise        UserEnterprise `json:"enterprise,omitzero"`
	// Custom are the attributes of custom schemas, by the schema's URN.
	Custom map[string]map[string]any `json:"custom,omitempty"`
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

// UserEmail is an address for mail. Verified counts only from callers who may set passwords.
type UserEmail struct {
	Value    string `json:"value"`
	Type     string `json:"type,omitempty"`
	Display  string `json:"display,omitempty"`
	Primary  bool   `json:"primary,omitempty"`
	Verified bool   `json:"verified,omitempty"`
}

// UserValue is a value of an attribute that has many, such as a phone number.
type UserValue struct {
	Value   string `json:"value"`
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

// UserManager is whom a user reports to; Value is a user's id.
type UserManager struct {
	Value       string `json:"value,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
}

// NewUser describes a user to be made. Only UserName is required.
type NewUser struct {
	UserProfile
	// PopulationID is the default population's unless it is set.
	PopulationID string `json:"population_id,omitempty"`
	// Status is "active" unless it is "staged", "unapproved" or "suspended".
	Status string `json:"status,omitempty"`
}

// UserChange changes a user. Lists replace whole lists.
type UserChange struct {
	UserName          Field[string]               `json:"user_name,omitzero"`
	ExternalID        Field[string]               `json:"external_id,omitzero"`
	Name              Field[PersonNameChange]     `json:"name,omitzero"`
	DisplayName       Field[string]               `json:"display_name,omitzero"`
	NickName          Field[string]               `json:"nick_name,omitzero"`
	ProfileURL        Field[string]               `json:"profile_url,omitzero"`
	Title             Field[string]               `json:"title,omitzero"`
	UserType          Field[string]               `json:"user_type,omitzero"`
	PreferredLanguage Field[string]               `json:"preferred_language,omitzero"`
	Locale            Field[string]               `json:"locale,omitzero"`
	Timezone          Field[string]               `json:"timezone,omitzero"`
	Emails            Field[[]UserEmail]          `json:"emails,omitzero"`
	PhoneNumbers      Field[[]UserValue]          `json:"phone_numbers,omitzero"`
	IMs               Field[[]UserValue]          `json:"ims,omitzero"`
	Photos            Field[[]UserValue]          `json:"photos,omitzero"`
	Addresses         Field[[]UserAddress]        `json:"addresses,omitzero"`
	Entitlements      Field[[]UserValue]          `json:"entitlements,omitzero"`
	X509Certificates  Field[[]UserValue]          `json:"x509_certificates,omitzero"`
	Enterprise        Field[UserEnterpriseChange] `json:"enterprise,omitzero"`
	// Custom is a merge patch (RFC 7396) by the schemas' URNs; nil takes an attribute away, or all of a schema.
	Custom Field[map[string]any] `json:"custom,omitzero"`
	// PopulationID moves the user; cleared, into the default population.
	PopulationID Field[string] `json:"population_id,omitzero"`
}

// PersonNameChange changes parts of a name.
type PersonNameChange struct {
	Formatted       Field[string] `json:"formatted,omitzero"`
	GivenName       Field[string] `json:"given_name,omitzero"`
	FamilyName      Field[string] `json:"family_name,omitzero"`
	MiddleName      Field[string] `json:"middle_name,omitzero"`
	HonorificPrefix Field[string] `json:"honorific_prefix,omitzero"`
	HonorificSuffix Field[string] `json:"honorific_suffix,omitzero"`
}

// UserEnterpriseChange changes parts of a user's place in an organization.
type UserEnterpriseChange struct {
	EmployeeNumber Field[string]            `json:"employee_number,omitzero"`
	CostCenter     Field[string]            `json:"cost_center,omitzero"`
	Organization   Field[string]            `json:"organization,omitzero"`
	Division       Field[string]            `json:"division,omitzero"`
	Department     Field[string]            `json:"department,omitzero"`
	Manager        Field[UserManagerChange] `json:"manager,omitzero"`
}

// UserManagerChange changes whom a user reports to.
type UserManagerChange struct {
	Value       Field[string] `json:"value,omitzero"`
	DisplayName Field[string] `json:"display_name,omitzero"`
}

// NewUserLock says how long a user is kept out; without Until, until somebody unlocks it.
type NewUserLock struct {
	Until *time.Time `json:"until,omitempty"`
}

// UserFilter selects users: those of whom all that is set is true.
type UserFilter struct {
	PopulationID    string
	UserName, Email string
	Number          int64
	// Status is "unapproved", "rejected", "staged", "active" or "suspended".
	Status     string
	ExternalID string
	// GroupID has the users who were added to that group by hand.
	GroupID string
	// Filter is one of RFC 7644 §3.4.2.2, by the names of RFC 7643; beside it only PopulationID is set.
	Filter string
}

func (f UserFilter) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"population": f.PopulationID, "user_name": f.UserName, "email": f.Email, "status": f.Status, "external_id": f.ExternalID, "group": f.GroupID, "filter": f.Filter,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if f.Number != 0 {
		query.Set("number", strconv.FormatInt(f.Number, 10))
	}
	return query
}

// Users lists users in the order of their creation. Needs users:read.
func (c *Client) Users(ctx context.Context, f UserFilter) iter.Seq2[*User, error] {
	return pages[User](ctx, c, at("users"), f.query())
}

// CreateUser makes a user. Needs users:write.
func (c *Client) CreateUser(ctx context.Context, u NewUser, options ...CallOption) (*User, error) {
	return create[User](ctx, c, at("users"), u, options)
}

// User returns the user with this id. Needs users:read.
func (c *Client) User(ctx context.Context, id string) (*User, error) {
	return get[User](ctx, c, at("users", id))
}

// UpdateUser changes a user. Needs users:write; for another user name or address, also all that the user's roles permit.
func (c *Client) UpdateUser(ctx context.Context, id string, u UserChange, options ...CallOption) (*User, error) {
	return change[User](ctx, c, at("users", id), u, options)
}

// DeleteUser deletes a user with its memberships, sessions and links. Needs users:write and all that the user's roles
// permit.
func (c *Client) DeleteUser(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("users", id), options)
}

// ApproveUser lets a user wait for activation who waited for approval. Needs what [Client.DeleteUser] needs.
func (c *Client) ApproveUser(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("users", id, "approve"))
}

// RejectUser rejects a user who waits for approval or activation. Needs what [Client.DeleteUser] needs.
func (c *Client) RejectUser(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("users", id, "reject"))
}

// ActivateUser makes a user active, also one that was suspended. Needs what [Client.DeleteUser] needs.
func (c *Client) ActivateUser(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("users", id, "activate"))
}

// SuspendUser keeps a user out until it is activated; its sessions and links die for good. Needs what
// [Client.DeleteUser] needs.
func (c *Client) SuspendUser(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("users", id, "suspend"))
}

// LockUser keeps a user out for a time; its sessions and links die for good. It is never repeated by itself. Needs what
// [Client.DeleteUser] needs.
func (c *Client) LockUser(ctx context.Context, id string, l NewUserLock) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: http.MethodPost, path: at("users", id, "lock"), body: l})
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}

// UnlockUser ends a user's lock, and forgets the failures that led to it. Needs what [Client.DeleteUser] needs.
func (c *Client) UnlockUser(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("users", id, "unlock"))
}

// LogOutUser ends every session of a user. Needs sessions:write.
func (c *Client) LogOutUser(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("users", id, "logout"))
}

// SendActivation mails a user the link to set a first password with, which also activates a staged user. It is never repeated
// by itself. Needs invitations:write.
func (c *Client) SendActivation(ctx context.Context, id string) (Answer, error) {
	return mailed(ctx, c, at("users", id, "send-activation"))
}

// SendReset mails a user the link to choose a new password with, to an address that is verified. It is never repeated by itself.
// Needs users:write.
func (c *Client) SendReset(ctx context.Context, id string) (Answer, error) {
	return mailed(ctx, c, at("users", id, "send-reset"))
}

// mailed is [act] for what must not happen twice because an answer was lost: somebody's inbox is at the other end.
func mailed(ctx context.Context, c *Client, path string) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: http.MethodPost, path: path})
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}
