package verify

import (
	"encoding/json"
	"fmt"
	"strings"
)

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUnavailable, fmt.Errorf(format, args...))
}

// scopeList is the space-separated list of RFC 6749 §3.3.
type scopeList []string

func (l *scopeList) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	*l = strings.Fields(text)
	return nil
}
