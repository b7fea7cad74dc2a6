package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Party is who did something, or what it was done to.
type Party struct {
	// Kind is a word such as "application" or "system".
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// LedgerEvent is one entry of the environment's ledger, with what is needed to verify its place in the chain.
type LedgerEvent struct {
	// Number counts from 1 without gaps.
	Number int64     `json:"number"`
	At     time.Time `json:"at"`
	// Kind is what happened, such as "application.disabled".
	Kind    string `json:"kind"`
	Actor   Party  `json:"actor"`
	Subject Party  `json:"subject"`
	// Register marks events that the nodes' memory of clients depends on; the chain covers the mark.
	Register bool `json:"register"`
	// Payload is the JSON text that was digested, byte for byte; empty when it was erased, which the chain allows.
	Payload string `json:"payload,omitempty"`
	// Salt was digested with the payload, so that short payloads cannot be guessed from their digest.
	Salt []byte `json:"salt,omitempty"`
	// Digest is SHA-256 over salt and payload, in hexadecimal.
	Digest string `json:"digest"`
	// Hash covers the event and the hash before it, in hexadecimal.
	Hash string `json:"hash"`
}

// LedgerCheckpoint is a signed statement that the chain had this hash at this number. Kept outside the server, it
// shows later whether somebody with database and keys has rewritten what came before.
type LedgerCheckpoint struct {
	Environment string `json:"environment"`
	Number      int64  `json:"number"`
	// Hash is in hexadecimal.
	Hash string    `json:"hash"`
	At   time.Time `json:"at"`
	// Signature is Ed25519 by the key that [LedgerHead] names.
	Signature []byte `json:"signature"`
}

// LedgerHead is the end of the chain and the key its checkpoints are signed with.
type LedgerHead struct {
	Environment string `json:"environment"`
	Number      int64  `json:"number"`
	// Hash is in hexadecimal.
	Hash string `json:"hash"`
	// PublicKey is the 32 bytes of an Ed25519 key.
	PublicKey []byte `json:"public_key"`
}

// LedgerQuery narrows a list of events.
type LedgerQuery struct {
	// After leaves out events up to and including this number. For [Client.FollowLedger] -1 stands for the end of the ledger.
	After int64
	// Subject, when not empty, is the id that events must be about.
	Subject string
	// Kind, when not empty, is what must have happened; with a dot at its end, all kinds that begin so.
	Kind string
	// Actor, when not empty, is the id of who must have done it.
	Actor string
	// From and To bound when it happened: from the one on, and before the other. Zero is no bound. [Client.FollowLedger] has none.
	From, To time.Time
	// Newest gives the newest first.
	Newest bool
	// Page is how many events one request fetches, 1–1000; zero means 200.
	Page int
}

// LedgerEvents lists events, the oldest first unless asked otherwise. Needs ledger:read.
func (c *Client) LedgerEvents(ctx context.Context, q LedgerQuery) iter.Seq2[*LedgerEvent, error] {
	query := url.Values{"order": {"asc"}}
	if q.Newest {
		query.Set("order", "desc")
	}
	if q.After > 0 {
		query.Set("after", strconv.FormatInt(q.After, 10))
	}
	q.choose(query)
	q.bound(query)
	if q.Page > 0 {
		query.Set("limit", strconv.Itoa(q.Page))
	}
	return pages[LedgerEvent](ctx, c, at("ledger", "events"), query)
}

// choose adds what chooses events by what they are.
func (q *LedgerQuery) choose(query url.Values) {
	for name, value := range map[string]string{"subject": q.Subject, "kind": q.Kind, "actor": q.Actor} {
		if value != "" {
			query.Set(name, value)
		}
	}
}

// bound adds what chooses events by when they happened.
func (q *LedgerQuery) bound(query url.Values) {
	if !q.From.IsZero() {
		query.Set("from", q.From.Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		query.Set("to", q.To.Format(time.RFC3339Nano))
	}
}

// LedgerCheckpoints lists the checkpoints after a number, the oldest first. Needs ledger:read.
func (c *Client) LedgerCheckpoints(ctx context.Context, after int64) iter.Seq2[*LedgerCheckpoint, error] {
	query := url.Values{}
	if after > 0 {
		query.Set("after", strconv.FormatInt(after, 10))
	}
	return pages[LedgerCheckpoint](ctx, c, at("ledger", "checkpoints"), query)
}

// LedgerHead returns the end of the chain. Needs ledger:read.
func (c *Client) LedgerHead(ctx context.Context) (*LedgerHead, error) {
	return get[LedgerHead](ctx, c, at("ledger", "head"))
}

// SignLedger has the present end of the chain signed and returns the checkpoint. Doing it again does no harm.
// Needs keys:write.
func (c *Client) SignLedger(ctx context.Context) (*LedgerCheckpoint, error) {
	return call[LedgerCheckpoint](ctx, c, request{method: http.MethodPost, path: at("ledger", "checkpoints"), repeatable: true})
}

// LedgerVerification is what the server found when it verified a part of its ledger. To believe the server less, verify with
// the events and a checkpoint that was kept elsewhere, as the command audit verify does.
type LedgerVerification struct {
	Verified bool  `json:"verified"`
	From     int64 `json:"from"`
	To       int64 `json:"to"`
	// Next is where to go on; zero at the end of the ledger.
	Next        int64           `json:"next,omitempty"`
	Checkpoints int             `json:"checkpoints"`
	Erased      int             `json:"erased"`
	Findings    []LedgerFinding `json:"findings"`
}

// LedgerFinding is a flaw of the ledger.
type LedgerFinding struct {
	Flaw string `json:"flaw"`
	// Number is that of the event or checkpoint at fault.
	Number int64  `json:"number"`
	Detail string `json:"detail"`
}

// VerifyLedger has the server verify the events from one number to another, 100,000 at most; zero stands for the first and the
// last. Needs ledger:read.
func (c *Client) VerifyLedger(ctx context.Context, from, to int64) (*LedgerVerification, error) {
	part := map[string]int64{}
	if from > 0 {
		part["from"] = from
	}
	if to > 0 {
		part["to"] = to
	}
	return call[LedgerVerification](ctx, c, request{method: http.MethodPost, path: at("ledger", "verify"), body: part, repeatable: true})
}
