package provider

import (
	"encoding/json"
	"strings"
)

// Explain finds the rule for an answer: on is "token" or "verify". It looks at the status, at the code that the answer
// gives in one of the usual members, and at the text. Nothing of the answer is in the rule.
func (p *Provider) Explain(on string, status int, body []byte) (ErrorRule, bool) {
	code := Code(body)
	for _, r := range p.Errors {
		where := r.On
		if where == "" {
			where = "token"
		}
		if where != on || r.Status != 0 && r.Status != status || r.Code != "" && !strings.EqualFold(r.Code, code) || r.says != nil && !r.says.Match(body) {
			continue
		}
		return r, true
	}
	return ErrorRule{}, false
}

// Code returns what an answer calls its error: OAuth's error (RFC 6749 §5.2) or what others have in its place, or "".
func Code(body []byte) string {
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, path := range [][]string{{"error"}, {"code"}, {"errorCode"}, {"error", "code"}, {"status", "type"}, {"error_code"}, {"name"}} {
		var at any = answer
		for _, key := range path {
			object, _ := at.(map[string]any)
			at = object[key]
		}
		if text, ok := at.(string); ok && len(text) <= 100 {
			return text
		}
	}
	return ""
}
