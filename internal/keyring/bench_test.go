package keyring_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/counterfoil/counterfoil/internal/keyring"
)

// BenchmarkBareES256 is what no signature can be cheaper than.
func BenchmarkBareES256(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	input := make([]byte, 400)
	b.ReportAllocs()
	for b.Loop() {
		digest := sha256.Sum256(input)
		if _, err := ecdsa.SignASN1(rand.Reader, key, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	f := onSQLite(b).ensure(keyring.Algs()...)
	set := f.load()
	input, dst := make([]byte, 400), make([]byte, 0, 400)
	for _, alg := range keyring.Algs() {
		key := set.Active(alg)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.AppendSignature(dst, input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	f := onSQLite(b).ensure(keyring.Algs()...)
	set := f.load()
	for _, alg := range keyring.Algs() {
		key := set.Active(alg)
		_, signed, signature := split(token(b, set, alg, payload))
		input, text := []byte(signed), []byte(signature)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !key.Verify(input, text) {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkHandle(b *testing.B) {
	f := onSQLite(b)
	key := f.load().HandleKey(f.Now())
	content, aad := make([]byte, 150), make([]byte, 25)
	sealed := key.Seal(nil, content, aad)
	dst := make([]byte, 0, 400)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			key.Seal(dst, content, aad)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := key.Open(dst, sealed, aad); !ok {
				b.Fatal("refused")
			}
		}
	})
}
