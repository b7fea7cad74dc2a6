package client

import (
	"context"
	"iter"
	"time"
)

// Invitation asks somebody to join.
type Invitation struct {
	Answer `json:"-"`

	ID string `json:"id"`
	// State is "pending", "accepted", "withdrawn" or "expired".
	State string `json:"state"`
	// User is the id of who is invited: somebody who was no user before is a staged one since.
	User         string `json:"user"`
	Email        string `json:"email"`
	PopulationID string `json:"population_id"`
	// Application is the client id of what the person is let into, or empty, and InvitedBy that of who asked.
	Application string `json:"application,omitempty"`
	InvitedBy   string `json:"invited_by"`
	// Inviter is who invites, as the letter says.
	Inviter   string    `json:"inviter,omitempty"`
	Language  string    `json:"language"`
	TargetURL string    `json:"target_url,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	// ActivationURL is the link, in the answer to a creation that asked for it. Whoever follows it becomes the user.
	ActivationURL Secret `json:"activation_url,omitzero"`
}

// NewInvitation says whom to invite: a user, or an address that becomes one's.
type NewInvitation struct {
	Email string `json:"email,omitempty"`
	// User is the id of somebody who is a user already.
	User       string `json:"user,omitempty"`
	GivenName  string `json:"given_name,omitempty"`
	FamilyName string `json:"family_name,omitempty"`
	// PopulationID is where somebody who is no user yet is put; empty is the default one.
	PopulationID string `json:"population_id,omitempty"`
	// Application is the client id of what the person is let into, and TargetURL one that its list covers.
	Application string `json:"application,omitempty"`
	TargetURL   string `json:"target_url,omitempty"`
	Inviter     string `json:"inviter,omitempty"`
	Language    string `json:"language,omitempty"`
	Header      string `json:"header,omitempty"`
	Footer      string `json:"footer,omitempty"`
	// ExpiresIn is in seconds; zero is seven days.
	ExpiresIn int64 `json:"expires_in,omitempty"`
	// SendEmail, if it is false, shows the link in the answer in place of mailing it.
	SendEmail *bool `json:"send_email,omitempty"`
}

// Invitations lists invitations in the order of their creation. Needs invitations:read.
func (c *Client) Invitations(ctx context.Context) iter.Seq2[*Invitation, error] {
	return pages[Invitation](ctx, c, at("invitations"), nil)
}

// Invitation returns one invitation. Needs invitations:read.
func (c *Client) Invitation(ctx context.Context, id string) (*Invitation, error) {
	return get[Invitation](ctx, c, at("invitations", id))
}

// Invite invites somebody. Needs invitations:write, users:write for an address that is nobody's, and users:password to be
// shown the link.
func (c *Client) Invite(ctx context.Context, n NewInvitation, options ...CallOption) (*Invitation, error) {
	return create[Invitation](ctx, c, at("invitations"), n, options)
}

// WithdrawInvitation ends an invitation: its link is dead. Needs invitations:write.
func (c *Client) WithdrawInvitation(ctx context.Context, id string) (Answer, error) {
	return remove(ctx, c, at("invitations", id), nil)
}
