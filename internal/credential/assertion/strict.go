package assertion

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest; what issuers send has three levels.
const maxDepth = 16

// Claims are the members of a JWT's payload. Values are string, bool, nil, [json.Number], []any and map[string]any.
type Claims map[string]any

// readObject reads one JSON object and nothing else. Duplicate members, which other readers resolve one way or the other
// (RFC 8725 §2.4 is about such disagreement), invalid UTF-8 and deep nesting are errors. Names are compared exactly,
// unlike by encoding/json with a struct.
func readObject(text []byte) (map[string]any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("is not UTF-8")
	}
	if !json.Valid(text) { // also refuses what follows the object
		return nil, errors.New("is not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("is not a JSON object")
	}
	return object, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth++; depth > maxDepth {
		return nil, fmt.Errorf("nests deeper than %d levels", maxDepth)
	}
	if delimiter == '[' {
		list := []any{}
		for d.More() {
			value, err := readValue(d, depth)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := d.Token()
		return list, err
	}
	object := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		member, _ := name.(string) // the decoder allows nothing else here
		if _, twice := object[member]; twice {
			return nil, fmt.Errorf("has the member %q twice", Clean(member))
		}
		if object[member], err = readValue(d, depth); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return object, err
}

var base64url = base64.RawURLEncoding.Strict()

// decode reads base64url in its one canonical spelling (RFC 7515 §2). The library skips line breaks.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("is not base64url: it has line breaks")
	}
	b, err := base64url.DecodeString(text)
	if err != nil {
		return nil, errors.New("is not base64url without padding")
	}
	return b, nil
}
