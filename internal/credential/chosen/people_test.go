package chosen_test

import (
	"context"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// The last group was made with Python's hashlib, as was foreign.
var vectors = []struct {
	text, password string
	scheme         chosen.Scheme
}{
	{"pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE=", "password", chosen.PBKDF2SHA1},                                                // RFC 6070 §2
	{"pbkdf2_sha256$1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw=", "passwd", chosen.PBKDF2SHA256},                                 // RFC 7914 §11
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", chosen.Bcrypt},                                               // Openwall's
	{"{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "secret", chosen.SHA1},                                                                    // OpenLDAP's guide, §14.4
	{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", chosen.Argon2id},              // the reference implementation's
	{"{SSHA}B/gcLlpVFPM/V7hav8QxtQN3s55zYWx0c2FsdA==", sample, chosen.SHA1},                                                              //
	{"{SSHA512}/nnuae6aXC/p9UtIAgmsQ2Se+6TzEcBhQ19UDEUM6etZzLyRhg/bF6klMbsQxl9Piy+yN1FWpDtEdsnzslO5fHNhbHRzYWx0", sample, chosen.SHA512}, //
	{"pbkdf2_sha1$2000$seasalt1$X9FvnI7rFr9F28LP28WXwpOopng=", sample, chosen.PBKDF2SHA1},                                                //
	{"$pbkdf2$2500$c2FsdHNhbHQ$U7zVxiwEVmZp9KgqLAhpZR/JBm0", sample, chosen.PBKDF2SHA1},                                                  //
}

func TestHashesOfPeoplesPasswordsAreRecognised(t *testing.T) {
	for text, scheme := range foreign {
		vectors = append(vectors, struct {
			text, password string
			scheme         chosen.Scheme
		}{text, sample, scheme})
	}
	for _, v := range vectors {
		h, err := chosen.ParsePassword(v.text)
		if err != nil {
			t.Errorf("%s: %v", v.text, err)
			continue
		}
		if h.Scheme() != v.scheme || h.Text() != v.text || !h.Verify([]byte(v.password)) || h.Verify([]byte(v.password+" ")) || h.Verify(nil) {
			t.Errorf("%s: read as %s, and the right password matches: %v", v.text, h.Scheme(), h.Verify([]byte(v.password)))
		}
	}
}

func TestSaltedSHA256ComesWithTheSaltOnEitherSide(t *testing.T) {
	for _, c := range []struct {
		sum, salt, password string
		first               bool
	}{
		{"b1c788abac15390de987ad17b65ac73c9b475d428a51f245c645a442fddd078b", "hello", "password", true},
		{"9a6726646671af0e41889b3bc81ef1e1ab657f020d662d8e79545ff8b367938c", "hello", "password", false},
		{"997671878EEAED78BED097CD7230CAFDA98D525447EAE60657F7EEB9FF300CD2", "saltsalt", sample, true},
		{"386509f9dfb40e0e333b3f447295835c1ba7f7997d7c9cc6cc61dcb6f2acecb6", "saltsalt", sample, false},
		{"b1a4d7ea95dba6e3eae1d4bd6a1c1e4b6e9d9a3d1a0d3e3e8d1c9f8a5d8a4c2b", "", sample, true},
		{"b1c7", "hello", "password", true},
		{strings.Repeat("g", 64), "hello", "password", true},
		{strings.Repeat("a", 64), strings.Repeat("s", 129), "password", true},
	} {
		h, err := chosen.ParseSalted(c.sum, c.salt, c.first)
		if len(c.sum) != 64 || c.salt == "" || len(c.salt) > 128 || c.sum[0] == 'g' {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s with salt %q: %v", c.sum, c.salt, err)
			}
			continue
		}
		if err != nil || !h.Verify([]byte(c.password)) || h.Verify([]byte(c.salt+c.password)) {
			t.Errorf("%s: %v", c.sum, err)
			continue
		}
		if again, err := chosen.ParsePassword(h.Text()); err != nil || !again.Verify([]byte(c.password)) || again.Scheme() != h.Scheme() {
			t.Errorf("%s is not read again: %v", h.Text(), err)
		}
	}
}

func TestWhatPeopleBringIsNoSecretOfAnApplication(t *testing.T) {
	for _, v := range vectors {
		switch v.scheme {
		case chosen.SHA1, chosen.SHA512, chosen.PBKDF2SHA1:
			if _, err := chosen.ParseImported(v.text); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", v.text, err)
			}
		}
	}
	h, err := chosen.ParseSalted("b1c788abac15390de987ad17b65ac73c9b475d428a51f245c645a442fddd078b", "hello", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chosen.ParseImported(h.Text()); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestDamagedHashesOfPasswordsAreRefused(t *testing.T) {
	for _, text := range []string{"", "secret", "{SSHA}", "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGg=", "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3\n", "{ssha}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3",
		"{SSHA512}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==", "5f4dcc3b5aa765d61d8327deb882cf99",
		"pbkdf2_sha1$1000001$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE=", "pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE", "$pbkdf2$2500$c2FsdHNhbHQ$U7zVxiwEVmZp9KgqLAhpZR/JBm",
		"$2b$13$abcdefghijklmnopqrstuukdL/bPyDQO1mjzJBDBPf9jM56SEzKDK", "{SALT-SHA256}AAAA", "{SSHA}" + strings.Repeat("A", 600)} {
		if h, err := chosen.ParsePassword(text); h != nil || !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestHashesMadeTodayAreNotOutdated(t *testing.T) {
	p := chosen.NewParams()
	h, err := chosen.ParsePassword(p.Text(p.Derive([]byte(sample))))
	if err != nil || !h.Verify([]byte(sample)) || h.Outdated(chosen.NewParams()) {
		t.Fatalf("%v", err)
	}
	for _, v := range vectors {
		if h, err := chosen.ParsePassword(v.text); err != nil || h.Scheme() != chosen.Argon2id && !h.Outdated(p) {
			t.Errorf("%s: %v", v.text, err)
		}
	}
	p.Memory *= 2
	if !h.Outdated(p) {
		t.Error("with other parameters it is not outdated")
	}
}

func TestPeopleOfOneNetworkAreBoundedAndTakeNothingFromApplications(t *testing.T) {
	c := chosen.New(chosen.Options{Workers: 1, Queue: 100, PerSource: 1})
	source := netip.MustParseAddr("192.0.2.1")
	inside, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 4)
	go func() { done <- c.Run(context.Background(), source, func() { close(inside); <-leave }) }()
	<-inside
	for range 3 {
		go func() { done <- c.Run(context.Background(), source, func() {}) }()
	}
	for c.Waiting() < 3 {
		runtime.Gosched()
	}
	if err := c.Run(t.Context(), source, func() { t.Error("it ran") }); !fault.Is(err, fault.Exhausted) {
		t.Errorf("the fifth: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	derived := make(chan error)
	go func() {
		_, err := c.Derive(ctx, source, uuid.New(), uuid.New(), chosen.NewParams(), []byte(sample))
		derived <- err
	}()
	for c.Waiting() < 4 { // an application of the same network waits its turn
		runtime.Gosched()
	}
	cancel()
	if err := <-derived; !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	close(leave)
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	ran := false
	if err := c.Run(t.Context(), source, func() { ran = true }); err != nil || !ran {
		t.Errorf("the worker is gone: %v", err)
	}
}

func FuzzParsePassword(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.text)
	}
	f.Add("{SALT-SHA256}scdYi6wVOQ3ph60XtlrHPJtHXUKKUfJFxkWkQv3dB4toZWxsbw==")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := chosen.ParsePassword(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		if again, err := chosen.ParsePassword(h.Text()); err != nil || again.Scheme() != h.Scheme() || h.Text() != text {
			t.Errorf("%q is read once only: %v", text, err)
		}
		if h.Quick() { // the others are too slow for this
			h.Verify([]byte("x"))
		}
	})
}
