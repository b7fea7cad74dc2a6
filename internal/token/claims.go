package token

import (
	"encoding/binary"
	"errors"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/register"
)

// Claims is what every token carries, whatever it looks like.
type Claims struct {
	JTI register.JTI
	// API, Application and Credential are what it is for and what it was got with. The subject is the
	// application: the client credentials grant has no other (RFC 9068 §2.2).
	API                     uint32
	Application, Credential uuid.UUID
	Epochs                  access.Epochs
	// Families are the API families of the credential when the token was made.
	Families access.Families
	// Confirmation is the SHA-256 thumbprint of the certificate that the token is bound to (cnf.x5t#S256, RFC 8705 §3.1);
	// zero if anybody may bring it.
	Confirmation [32]byte
	// Permissions are the numbers of what was granted; what has been taken away since counts no longer.
	Permissions []uint32
	// IssuedAt and Expires are seconds since 1970. A token is good from the moment it is issued.
	IssuedAt, Expires int64
}

// packedVersion is the first byte of packed claims; another one is another layout.
const packedVersion = 2

// Flags of packed claims: the families in the low bits.
const (
	packedFamilies     = byte(access.AllFamilies)
	packedConfirmation = 1 << 7
)

// maxPermissions bounds how many permissions a token can carry, far above what an API has.
const maxPermissions = 1000

var errPacked = errors.New("these are no packed claims")

// pack appends the claims in binary: fixed fields in the order of [Claims], then the permissions, big endian.
func (c *Claims) pack(dst []byte) []byte {
	dst = append(dst, packedVersion)
	dst = append(dst, c.JTI[:]...)
	dst = append(dst, c.Application[:]...)
	dst = append(dst, c.Credential[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.IssuedAt))
	dst = binary.BigEndian.AppendUint64(dst, uint64(c.Expires))
	return c.packState(dst)
}

// Bound reports whether the token is good only together with a certificate.
func (c *Claims) Bound() bool { return c.Confirmation != [32]byte{} }

// packState appends the part of the claims that a JWT has no registered claim for.
func (c *Claims) packState(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, c.API)
	dst = binary.BigEndian.AppendUint64(dst, c.Epochs.Incarnation)
	dst = binary.BigEndian.AppendUint32(dst, c.Epochs.Environment)
	dst = binary.BigEndian.AppendUint32(dst, c.Epochs.API)
	dst = binary.BigEndian.AppendUint32(dst, c.Epochs.Application)
	dst = binary.BigEndian.AppendUint32(dst, c.Epochs.Credential)
	flags := byte(c.Families)
	if c.Bound() {
		flags |= packedConfirmation
	}
	dst = append(dst, flags)
	if c.Bound() {
		dst = append(dst, c.Confirmation[:]...)
	}
	for _, n := range c.Permissions {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return dst
}

const (
	packedFixed = 1 + 16 + 16 + 16 + 8 + 8
	packedState = 4 + 8 + 4 + 4 + 4 + 4 // before the flags
)

// unpack is the reverse of pack. Its input was authenticated, so a mistake in it is ours; it is refused all the same.
func (c *Claims) unpack(b []byte) error {
	if len(b) < packedFixed || b[0] != packedVersion {
		return errPacked
	}
	copy(c.JTI[:], b[1:17])
	copy(c.Application[:], b[17:33])
	copy(c.Credential[:], b[33:49])
	c.IssuedAt = int64(binary.BigEndian.Uint64(b[49:57]))
	c.Expires = int64(binary.BigEndian.Uint64(b[57:65]))
	return c.unpackState(b[packedFixed:])
}

func (c *Claims) unpackState(b []byte) error {
	if len(b) < packedState {
		return errPacked
	}
	c.API = binary.BigEndian.Uint32(b)
	c.Epochs = access.Epochs{
		Incarnation: binary.BigEndian.Uint64(b[4:]), Environment: binary.BigEndian.Uint32(b[12:]),
		API: binary.BigEndian.Uint32(b[16:]), Application: binary.BigEndian.Uint32(b[20:]), Credential: binary.BigEndian.Uint32(b[24:]),
	}
	b, err := c.unpackFlags(b[packedState:])
	if err != nil {
		return err
	}
	c.Permissions = c.Permissions[:0]
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > 1<<32-1 || len(c.Permissions) == maxPermissions {
			return errPacked
		}
		c.Permissions = append(c.Permissions, uint32(n))
		b = b[size:]
	}
	return nil
}

// unpackFlags reads families and confirmation and returns what follows them.
func (c *Claims) unpackFlags(b []byte) ([]byte, error) {
	if len(b) == 0 || b[0]&^(packedFamilies|packedConfirmation) != 0 {
		return nil, errPacked
	}
	flags := b[0]
	c.Families, c.Confirmation, b = access.Families(flags&packedFamilies), [32]byte{}, b[1:]
	if flags&packedConfirmation == 0 {
		return b, nil
	}
	if len(b) < len(c.Confirmation) || copy(c.Confirmation[:], b) == 0 || !c.Bound() {
		return nil, errPacked
	}
	return b[len(c.Confirmation):], nil
}
