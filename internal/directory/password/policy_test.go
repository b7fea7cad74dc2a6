package password_test

import (
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestPolicyLooksAtLengthFirst(t *testing.T) {
	about := []string{"maxine.mueller", "Maxine@northwind.example", "Müller"}
	for _, c := range []struct {
		text   string
		change func(*password.Policy)
		refuse string
	}{
		{"seven purple bicycles", nil, ""},
		{"vier kleine Schildkröten üben", nil, ""},
		{"kurz und gut", nil, ""},
		{"ox7!Kq9#tZ", nil, "too short"},
		{"ox7!Kq9#tZ", func(p *password.Policy) { p.MinLength = 8 }, ""},
		{"пароль-Ка", func(p *password.Policy) { p.MinLength = 9 }, ""}, // nine characters, not seventeen bytes
		{"aaaaaaaaaaaaaaaa", nil, "too easy"},
		{"password12345", nil, "too easy"},
		{"password12345", func(p *password.Policy) { p.MinScore = 0 }, ""},
		{"Maxine.Mueller-7f", nil, "do not count"},
		{"MÜLLER northwind 9", nil, "do not count"},
		{"Maxine eats seven purple plums", nil, ""},
		{"Maxine.Mueller-7f$Q", func(p *password.Policy) { p.PersonalWords = true }, ""},
		{"seven purple bicycles", func(p *password.Policy) { p.MinClasses = 3 }, "needs 3"},
		{"Seven purple bicycles", func(p *password.Policy) { p.MinClasses = 3 }, ""},
		{strings.Repeat("Q7 höß ", 100) + "Zwölf!", nil, ""},
	} {
		p := password.DefaultPolicy()
		if c.change != nil {
			c.change(&p)
		}
		err := p.Check(seal.NewSecret(c.text), about...)
		if c.refuse == "" && err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if field, words := fault.Public(err); c.refuse != "" && (!fault.Is(err, fault.Invalid) || field != "password" || !strings.Contains(words, c.refuse) || strings.Contains(words, c.text)) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func TestPolicyThatMakesNoSenseIsRefused(t *testing.T) {
	p := password.DefaultPolicy()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*password.Policy){
		"min_length":    func(p *password.Policy) { p.MinLength = 7 },
		"min_score":     func(p *password.Policy) { p.MinScore = 5 },
		"min_classes":   func(p *password.Policy) { p.MinClasses = -1 },
		"history":       func(p *password.Policy) { p.History = 25 },
		"max_age_days":  func(p *password.Policy) { p.MaxAgeDays = 4000 },
		"min_age_hours": func(p *password.Policy) { p.MaxAgeDays, p.MinAgeHours = 1, 24 },
		"max_failures":  func(p *password.Policy) { p.MaxFailures = 0 },
		"lock_minutes":  func(p *password.Policy) { p.LockMinutes = -1 },
	} {
		p := password.DefaultPolicy()
		change(&p)
		if at, _ := fault.Public(p.Validate()); at != field {
			t.Errorf("%s: %v", field, p.Validate())
		}
	}
}

func TestAgesAndLocksCountFromTheirBeginning(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := password.DefaultPolicy()
	if at := p.Expires(now); !at.IsZero() {
		t.Errorf("expires %v", at)
	}
	if at := p.LockedUntil(now); at != now.Add(time.Hour) {
		t.Errorf("locked until %v", at)
	}
	p.MaxAgeDays, p.LockMinutes = 90, 0
	if at := p.Expires(now); at != now.AddDate(0, 0, 90) {
		t.Errorf("expires %v", at)
	}
	if at := p.LockedUntil(now); !at.IsZero() {
		t.Errorf("locked until %v", at)
	}
}
