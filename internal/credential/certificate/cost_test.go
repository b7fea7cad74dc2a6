package certificate_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// hugeCSR is a signing request for an RSA key of that many bits, which nobody had to make: any odd number is one.
func hugeCSR(t *testing.T, bits int) []byte {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	if err != nil {
		t.Fatal(err)
	}
	n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
	public, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: 1<<31 - 1})
	if err != nil {
		t.Fatal(err)
	}
	info, err := asn1.Marshal(struct {
		Version    int
		Subject    pkix.RDNSequence
		Public     asn1.RawValue
		Attributes asn1.RawValue
	}{0, pkix.RDNSequence{}, asn1.RawValue{FullBytes: public}, asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true}})
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, bits/8)
	signature[len(signature)-1] = 2
	csr, err := asn1.Marshal(struct {
		Info      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: info}, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, Parameters: asn1.NullRawValue}, asn1.BitString{Bytes: signature, BitLength: bits}})
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

// A request is signed inside a transaction, and on SQLite everybody's changes wait for that.
func TestRequestWithAHugeKeyIsRefusedBeforeItsSignatureIsChecked(t *testing.T) {
	csr := hugeCSR(t, 200_000)
	began := time.Now()
	_, err := (&certificate.Issuer{}).SignCSR(csr, uuid.New(), time.Hour, time.Now())
	if took := time.Since(began); !fault.Is(err, fault.Invalid) || took > 100*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestRubbishThatLooksLikeAHugePrivateKeyCostsNothing(t *testing.T) {
	const bits = 50_000
	one := big.NewInt(1)
	odd := func() *big.Int {
		n, err := rand.Int(rand.Reader, new(big.Int).Lsh(one, bits))
		if err != nil {
			t.Fatal(err)
		}
		return n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
	}
	var p, q, d *big.Int
	for d == nil {
		p, q = odd(), odd()
		d = new(big.Int).ModInverse(big.NewInt(65537), new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)))
	}
	der, err := asn1.Marshal(struct {
		Version                      int
		N                            *big.Int
		E                            int
		D, P, Q, First, Second, Last *big.Int
	}{
		0, new(big.Int).Mul(p, q), 65537, d, p, q, new(big.Int).Mod(d, new(big.Int).Sub(p, one)), new(big.Int).Mod(d, new(big.Int).Sub(q, one)), one,
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, _, err = certificate.Parse(der)
	if took := time.Since(began); !fault.Is(err, fault.Invalid) || took > 100*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}
}
