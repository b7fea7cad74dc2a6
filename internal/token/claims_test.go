package token

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/register"
)

func drawClaims(t *rapid.T) Claims {
	id := func(name string) [16]byte { return [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name)) }
	return Claims{
		JTI: register.JTI(id("jti")), API: rapid.Uint32().Draw(t, "API"), Application: id("application"), Credential: id("credential"),
		Epochs: access.Epochs{
			Incarnation: rapid.Uint64().Draw(t, "incarnation"), Environment: rapid.Uint32().Draw(t, "environment"), API: rapid.Uint32().Draw(t, "API"),
			Application: rapid.Uint32().Draw(t, "application"), Credential: rapid.Uint32().Draw(t, "credential"),
		},
		Permissions: rapid.SliceOfN(rapid.Uint32(), 0, 200).Draw(t, "permissions"),
		IssuedAt:    rapid.Int64().Draw(t, "issued"), Expires: rapid.Int64().Draw(t, "expires"),
	}
}

func TestClaimsComeOutAsTheyWentIn(t *testing.T) {
	var back Claims // used again and again
	rapid.Check(t, func(t *rapid.T) {
		claims := drawClaims(t)
		packed := claims.pack([]byte("before"))
		if !bytes.HasPrefix(packed, []byte("before")) {
			t.Fatal("what was there is gone")
		}
		packed = packed[len("before"):]
		if err := back.unpack(packed); err != nil {
			t.Fatal(err)
		}
		same := back
		if same.Permissions = slices.Clone(same.Permissions); len(same.Permissions) == 0 {
			same.Permissions, claims.Permissions = nil, nil
		}
		if !reflect.DeepEqual(same, claims) {
			t.Fatalf("%+v\nwent in as\n%+v", same, claims)
		}
		cut := rapid.IntRange(0, packedFixed+packedState-1).Draw(t, "cut")
		if back.unpack(packed[:cut]) == nil {
			t.Fatalf("%d of %d bytes are taken for claims", cut, len(packed))
		}
		packed[0]++
		if back.unpack(packed) == nil {
			t.Fatal("another layout is read as this one")
		}
	})
}

func TestClaimsWithoutEndAreRefused(t *testing.T) {
	c := Claims{Permissions: make([]uint32, maxPermissions)}
	var back Claims
	if err := back.unpack(c.pack(nil)); err != nil || len(back.Permissions) != maxPermissions {
		t.Errorf("%d permissions: %v", maxPermissions, err)
	}
	c.Permissions = append(c.Permissions, 0)
	if back.unpack(c.pack(nil)) == nil {
		t.Errorf("%d permissions are read", len(c.Permissions))
	}
	c.Permissions = nil
	for name, tail := range map[string][]byte{
		"half a number": {0x80}, "a number of 33 bits": {0x80, 0x80, 0x80, 0x80, 0x10}, "a number without end": bytes.Repeat([]byte{0xff}, 20),
	} {
		if back.unpack(append(c.pack(nil), tail...)) == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	c := Claims{Permissions: []uint32{1, 300, 1 << 31}, IssuedAt: 1, Expires: 2}
	f.Add(c.pack(nil))
	f.Add(make([]byte, packedFixed+packedState))
	f.Fuzz(func(t *testing.T, packed []byte) {
		var c, back Claims
		if c.unpack(packed) != nil {
			return
		}
		if len(c.Permissions) > maxPermissions {
			t.Fatalf("%d permissions", len(c.Permissions))
		}
		if err := back.unpack(c.pack(nil)); err != nil || !slices.Equal(back.Permissions, c.Permissions) || back.JTI != c.JTI || back.Epochs != c.Epochs {
			t.Fatalf("%+v came back as %+v, %v", c, back, err)
		}
	})
}

func TestCacheRemembersWhatItWasGivenAndForgetsInTheEnd(t *testing.T) {
	c := newCache()
	given := Claims{API: 7, Permissions: []uint32{1, 2}}
	key := cacheKey{digest: [32]byte{1}}
	c.keep(&key, &given)
	given.Permissions[0] = 99 // the caller's own
	var got Claims
	if !c.find(&key, &got) || got.API != 7 || !slices.Equal(got.Permissions, []uint32{1, 2}) {
		t.Fatalf("%+v", got)
	}
	got.Permissions[0] = 98
	other := cacheKey{digest: [32]byte{1}, environment: [16]byte{1}}
	if c.find(&other, &got) {
		t.Error("another environment's token is known")
	}
	var again Claims
	if !c.find(&key, &again) || again.Permissions[0] != 1 {
		t.Errorf("what was handed out was changed in the cache: %+v", again)
	}
	// Everything into the same shard: what is asked for stays, the rest goes, and it never grows past two generations.
	for i := range 5 * cacheGeneration {
		flood := cacheKey{digest: [32]byte{1, byte(i), byte(i >> 8), 1}}
		c.keep(&flood, &given)
		if i%cacheGeneration == 0 && !c.find(&key, &got) {
			t.Fatalf("forgotten after %d others although it was asked for", i)
		}
	}
	s := c.shard(&key)
	if len(s.young)+len(s.old) > 2*cacheGeneration {
		t.Errorf("%d entries", len(s.young)+len(s.old))
	}
	first := cacheKey{digest: [32]byte{1, 0, 0, 1}}
	if c.find(&first, &got) {
		t.Error("the first of thousands is still there")
	}
}
