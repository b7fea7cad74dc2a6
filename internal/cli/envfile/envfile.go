// Package envfile writes and reads KEY=value lines as shells, docker and systemd understand them.
//
// Enter at [Line] and [Parse].
package envfile

import (
	"fmt"
	"strings"
)

// Line returns one KEY=value line. Values that a shell would take apart are quoted; the others are not, because
// some readers of such files (docker run --env-file) take quotes for part of the value.
func Line(key, value string) string { return key + "=" + quoted(value) + "\n" }

func quoted(value string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_./:@%+,-", c)
	}
	if value != "" && !strings.ContainsFunc(value, func(c rune) bool { return !plain(c) }) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// Parse reads such lines. It knows comments, "export", single quotes and double quotes; it expands nothing.
func Parse(text string) (map[string]string, error) {
	values := map[string]string{}
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, found := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		value, ok := unquoted(value)
		if !found || !ok {
			return nil, fmt.Errorf("line %d is not KEY=value", number+1)
		}
		values[strings.TrimSpace(key)] = value
	}
	return values, nil
}

// unquoted takes off quotes. It reports false when they are not closed.
func unquoted(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return s, true
	}
	switch quote := s[0]; quote {
	case '\'', '"':
		if len(s) < 2 || s[len(s)-1] != quote {
			return "", false
		}
		s = s[1 : len(s)-1]
		if quote == '\'' {
			return strings.ReplaceAll(s, `'\''`, "'"), true
		}
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\$`, `$`).Replace(s), true
	}
	return s, true
}
