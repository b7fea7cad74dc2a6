package chosen

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

// The floor: HMAC-SHA-256 of what is stored for a generated secret, with its key schedule at hand.
func BenchmarkFloorHMAC(b *testing.B) {
	mac, input, out := hmac.New(sha256.New, make([]byte, 32)), make([]byte, 16+16+53), make([]byte, 0, 32)
	for b.Loop() {
		mac.Reset()
		mac.Write(input)
		out = mac.Sum(out[:0])
	}
}

func BenchmarkRecall(b *testing.B) {
	c := New(Options{})
	c.Remember(env, app, id, secret, stored)
	for b.Loop() {
		if _, _, ok := c.Recall(env, app, secret); !ok {
			b.Fatal("forgotten")
		}
	}
}

func BenchmarkRecallOfWhatIsWrong(b *testing.B) {
	c := New(Options{})
	for b.Loop() {
		c.Recall(env, app, secret)
	}
}

func BenchmarkDeriveWithDefaults(b *testing.B) {
	c, p := New(Options{}), NewParams()
	for b.Loop() {
		if _, err := c.Derive(b.Context(), here, env, app, p, secret); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkForgetWhenFull(b *testing.B) {
	c := New(Options{})
	for i := range 2 * memoEntries {
		other := app
		other[8], other[9], other[10] = byte(i), byte(i>>8), byte(i>>16)
		c.Remember(env, other, id, secret, stored)
	}
	for b.Loop() {
		c.Forget(env, app)
	}
}

func BenchmarkStrength(b *testing.B) {
	for name, text := range map[string]string{"short": "correct horse battery", "longest": "4@8({[<369!|17105$+7%2aB-Q#kjhsdfuwe987KJHKJ#,.-sdm 4@8({[<369!|17105$+7%2aB-Q#kjhsdfuwe987KJHKJ#,.-sdm1/1-994@8({[<369!|17105$+7%2aB-Q#k"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Strength(text, "Acme Billing")
			}
		})
	}
}
