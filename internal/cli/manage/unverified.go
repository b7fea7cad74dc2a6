package manage

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

type rawJSON = json.RawMessage

// readUnverified shows a JWT's header and claims without checking anything, or returns nil for what is no JWT.
func readUnverified(token string, now time.Time) *inspectionView {
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil
	}
	header, claims := decodePart(parts[0]), decodePart(parts[1])
	if header == nil || claims == nil {
		return nil
	}
	var times struct {
		Expires float64 `json:"exp"`
	}
	_ = json.Unmarshal(claims, &times)
	view := &inspectionView{
		Format: "jwt", Header: header, Claims: claims,
		Reason: "unverified", Detail: "the server could not be asked; nothing here is checked, not even the signature",
	}
	if times.Expires > 0 && times.Expires < 1e11 {
		view.ExpiresIn = new(int64(times.Expires) - now.Unix())
	}
	return view
}

// decodePart returns the JSON object in a part of a JWT, or nil.
func decodePart(part string) rawJSON {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || !json.Valid(text) || !bytes.HasPrefix(text, []byte("{")) {
		return nil
	}
	return text
}

// members adds a line for every member of a JSON object, in alphabetical order.
func members(t *terminal.Table, name string, object rawJSON) {
	var all map[string]rawJSON
	if json.Unmarshal(object, &all) != nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		t.Row(name+" "+key+":", readable(key, all[key]))
	}
}

// readable shows strings without quotes and adds the date to times.
func readable(key string, value rawJSON) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	if key == "exp" || key == "iat" || key == "nbf" {
		if seconds, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return string(value) + "  (" + terminal.Stamp(time.Unix(seconds, 0)) + ")"
		}
	}
	return string(value)
}
