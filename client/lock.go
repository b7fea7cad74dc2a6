package client

import (
	"context"
	"net/http"
	"time"
)

// The policies of [Client.SetLockPolicy]: what five failed logons in a row lock for an hour.
const (
	// LockOn locks the client id, wherever the failures came from.
	LockOn = "on"
	// LockClientNetwork locks the network that they came from, so that a stranger cannot lock the client out.
	LockClientNetwork = "client+network"
	// LockOff locks nothing and counts nothing. A lock that is there stays until it is over or lifted.
	LockOff = "off"
)

// Lock is what failed logons with secrets have come to, for an application. A locked client gets no new tokens with
// secrets; its tokens, certificates and JWT keys go on working.
type Lock struct {
	// Policy is "on", "client+network" or "off".
	Policy string `json:"policy"`
	// Locked says that the client id takes no secret, wherever it comes from, until LockedUntil: SecondsLeft from now.
	Locked      bool       `json:"locked"`
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	SecondsLeft int64      `json:"seconds_left"`
	// Failures in a row so far, and the last of them.
	Failures      int        `json:"failures"`
	LastFailureAt *time.Time `json:"last_failure_at,omitempty"`
	// Networks are those with failures or a lock of their own, the locked ones first; at most 100.
	Networks []LockNetwork `json:"networks"`
}

// LockNetwork is what failed logons from one network have come to.
type LockNetwork struct {
	// Network is an IPv4 /24, an IPv6 /64, or "-" for callers without an address.
	Network       string     `json:"network"`
	LockedUntil   *time.Time `json:"locked_until,omitempty"`
	SecondsLeft   int64      `json:"seconds_left"`
	Failures      int        `json:"failures"`
	LastFailureAt *time.Time `json:"last_failure_at,omitempty"`
}

// NewLock locks a client by hand.
type NewLock struct {
	// Minutes is how long, from 1 to 527,040: 366 days. A lock that lasts longer already stays.
	Minutes int `json:"minutes"`
	// Reason is a sentence for the ledger, of at most 255 characters.
	Reason string `json:"reason,omitempty"`
}

type lockState struct {
	Answer `json:"-"`
	Lock
}

// Lock returns the state of an application's logons. Needs applications:read.
func (c *Client) Lock(ctx context.Context, clientID string) (*Lock, error) {
	got, err := get[lockState](ctx, c, at("applications", clientID, "lock"))
	if err != nil {
		return nil, err
	}
	return &got.Lock, nil
}

// LockApplication takes no secrets of an application for a while, after a leak, say. Needs credentials:write.
func (c *Client) LockApplication(ctx context.Context, clientID string, l NewLock) (Answer, error) {
	return say(ctx, c, http.MethodPost, at("applications", clientID, "lock"), l)
}

// UnlockApplication lifts every lock of an application and forgets its failed logons. Needs credentials:write.
func (c *Client) UnlockApplication(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "unlock"))
}

// SetLockPolicy chooses what failed logons of an application lock: [LockOn], [LockClientNetwork] or [LockOff]. Needs
// applications:write.
func (c *Client) SetLockPolicy(ctx context.Context, clientID, policy string) (Answer, error) {
	return say(ctx, c, http.MethodPut, at("applications", clientID, "lock-policy"), lockPolicy{policy})
}

type lockPolicy struct {
	Policy string `json:"policy"`
}

// say is [act] with a body.
func say(ctx context.Context, c *Client, method, path string, body any) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: method, path: path, body: body, repeatable: true})
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}
