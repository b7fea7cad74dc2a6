package leak

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Bounds of an alert. The partner promises none; a body of 1 MiB would hold some thousand reports.
const (
	AlertMost   = 1 << 20 // bytes
	ReportsMost = 100
	tokenMost   = 1024
	typeMost    = 128
	urlMost     = 2048
)

// Report is one secret that somebody found in public.
type Report struct {
	// Token is what was found; it need not be a secret of ours, nor of anybody.
	Token seal.Secret
	// Type is the name under which the partner knows the form of our secrets.
	Type string
	// URL is where it was found, for a person to look at: http or https and absolute, secrets in it masked, or empty.
	URL string
	// Source is what it was found in, such as commit, issue_comment or npm; lowercase, "unknown" if it cannot be told.
	Source string
}

// Generated reports whether the token can be a secret that an installation of Counterfoil made. Where it cannot, no
// credential need be looked for.
func (r Report) Generated() bool { return proof.WellFormed([]byte(r.Token.Reveal())) }

// Hint returns the characters by which to look for the token's credential, or "" if it is not [Report.Generated].
func (r Report) Hint() string {
	if !r.Generated() {
		return ""
	}
	return Hint([]byte(r.Token.Reveal()))
}

// ParseAlert reads the body of an alert, whose signature the caller has verified ([VerifySignature]). Members it does not
// know are passed over, since the partner may add some; a link that is no link is left out, since the secret leaked
// all the same. [fault.TooLarge]: more than 1 MiB or 100 reports; [fault.Invalid]: anything else that is no alert.
func ParseAlert(body []byte) ([]Report, error) {
	if len(body) > AlertMost {
		return nil, fault.New(fault.TooLarge, "an alert has at most 1 MiB")
	}
	if !utf8.Valid(body) {
		return nil, fault.New(fault.Invalid, "an alert is JSON in UTF-8")
	}
	var wire []*struct {
		Token, Type *string
		URL, Source string
	}
	if err := decodeOne(body, &wire); err != nil || wire == nil {
		// The decoder's words may quote the input, and with it a secret.
		return nil, fault.New(fault.Invalid, "an alert is a JSON array of objects with token, type, url and source")
	}
	if len(wire) > ReportsMost {
		return nil, fault.New(fault.TooLarge, "an alert has at most %d reports", ReportsMost)
	}
	reports := make([]Report, 0, len(wire))
	for _, w := range wire {
		if w == nil || w.Token == nil || w.Type == nil {
			return nil, fault.New(fault.Invalid, "every report has a token and a type")
		}
		if len(*w.Token) == 0 || len(*w.Token) > tokenMost {
			return nil, fault.On("token", "has 1 to %d bytes", tokenMost)
		}
		if !name(*w.Type, typeMost) {
			return nil, fault.On("type", "is a word of at most %d letters, digits and _-.", typeMost)
		}
		reports = append(reports, Report{
			Token: seal.NewSecret(*w.Token), Type: *w.Type, URL: link(w.URL, *w.Token), Source: source(w.Source),
		})
	}
	return reports, nil
}

// decodeOne decodes a body that is one JSON value and nothing else.
func decodeOne(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// name reports whether s is a word that can stand in a table and in a log.
func name(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-' && c != '.'
	})
}

func source(s string) string {
	if s = strings.ToLower(s); name(s, 40) {
		return s
	}
	return "unknown"
}

// link returns where the token was found, if a browser may be sent there: javascript: and its like would run in the
// console of whoever clicks.
func link(s, token string) string {
	u, err := url.Parse(s)
	if len(s) > urlMost || err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	clean := u.String()
	if strings.Contains(clean, token) || strings.Contains(s, token) {
		return "" // Mask knows secrets of ours only
	}
	return Mask(clean)
}

// Verdict is what the partner hears of one report. It tells the detection whether its pattern is any good.
type Verdict struct {
	TokenHash string `json:"token_hash"` // SHA-256 in hexadecimal
	TokenType string `json:"token_type"`
	Label     string `json:"label"` // true_positive or false_positive
}

// Answer returns the verdict on a report. issued says whether the token is, or was, a credential of this installation:
// one that is already disabled or deleted was still a true finding.
func Answer(r Report, issued bool) Verdict {
	sum := sha256.Sum256([]byte(r.Token.Reveal()))
	v := Verdict{TokenHash: hex.EncodeToString(sum[:]), TokenType: r.Type, Label: "false_positive"}
	if issued {
		v.Label = "true_positive"
	}
	return v
}
