package proof

import (
	"crypto/rand"
	"hash/crc32"
	"io"
)

// A generated secret is Prefix, 43 base62 characters (256 random bits) and the CRC-32 of all that in 6 base62
// characters. The prefix and the checksum let a scanner recognise a finding offline with hardly a false alarm,
// and the alphabet survives URLs, forms and Basic without escaping.
const (
	Prefix       = "cfs_"
	randomLength = 43
	checkLength  = 6
	// SecretLength is the length of a generated secret in bytes.
	SecretLength = len(Prefix) + randomLength + checkLength
	// HintLength is how much of a secret is kept to recognise it: the prefix and 4 characters, leaving 232 bits.
	HintLength = len(Prefix) + 4
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// generate returns a new secret drawn from source.
func generate(source io.Reader) ([]byte, error) {
	secret := make([]byte, 0, SecretLength)
	secret = append(secret, Prefix...)
	var pool [64]byte
	for len(secret) < len(Prefix)+randomLength {
		if _, err := io.ReadFull(source, pool[:]); err != nil {
			return nil, err
		}
		for _, b := range pool {
			// 248 is the largest multiple of 62 in a byte: taking more would favour some characters.
			if b < 248 && len(secret) < len(Prefix)+randomLength {
				secret = append(secret, alphabet[b%62])
			}
		}
	}
	return appendCheck(secret), nil
}

func appendCheck(body []byte) []byte {
	sum := crc32.ChecksumIEEE(body)
	var check [checkLength]byte
	for i := checkLength - 1; i >= 0; i-- {
		check[i] = alphabet[sum%62]
		sum /= 62
	}
	return append(body, check[:]...)
}

// WellFormed reports whether s can be a generated secret: prefix, length, alphabet and checksum are right. It
// says nothing about whether anybody issued it, and needs no connection.
func WellFormed(s []byte) bool {
	if len(s) != SecretLength || string(s[:len(Prefix)]) != Prefix {
		return false
	}
	for _, b := range s[len(Prefix):] {
		if (b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') {
			return false
		}
	}
	sum := crc32.ChecksumIEEE(s[:SecretLength-checkLength])
	for i := SecretLength - 1; i >= SecretLength-checkLength; i-- {
		if s[i] != alphabet[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

// Generate returns a new secret in the form above.
func Generate() ([]byte, error) { return generate(rand.Reader) }
