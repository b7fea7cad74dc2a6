package connect_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestLimitsNarrowWhatAnApplicationSendsThroughTheProxy(t *testing.T) {
	s := connect.Settings{Limits: []connect.Limit{
		{Methods: []string{"GET"}, Paths: []string{"/v1/users"}},
		{Application: "billing", Methods: []string{"GET", "POST"}},
	}}
	for _, c := range []struct {
		application, method, path string
		passes                    bool
	}{
		{"billing", "POST", "/v2/anything", true},
		{"billing", "DELETE", "/v1/users", false},
		{"other", "GET", "/v1/users", true},
		{"other", "GET", "/v1/users/7", true},
		{"other", "GET", "/v1/users-of-others", false},
		{"other", "GET", "/v1", false},
		{"other", "POST", "/v1/users", false},
	} {
		if err := s.Passes(c.application, c.method, c.path); (err == nil) != c.passes || err != nil && !fault.Is(err, fault.Denied) {
			t.Errorf("%s %s by %s: %v", c.method, c.path, c.application, err)
		}
	}
	only := connect.Settings{Limits: []connect.Limit{{Application: "billing"}}}
	if err := only.Passes("other", "GET", "/"); !fault.Is(err, fault.Denied) {
		t.Errorf("whom no limit names: %v", err)
	}
	if err := only.Passes("billing", "DELETE", "/x"); err != nil {
		t.Errorf("an empty limit: %v", err)
	}
}
