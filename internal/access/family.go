package access

import "strings"

// Families is a set of API families: kinds of doors that a credential opens. Scopes say what may be done behind a
// door; families say which doors there are at all. A token has those of the credential it was got with.
type Families uint8

// The families.
const (
	// FamilyApplication reads and changes the caller's own application.
	FamilyApplication Families = 1 << iota
	// FamilyUsers is invitation, user management, password and forgot password.
	FamilyUsers
	// FamilyOpenID is the OAuth doors: token, introspection, revocation, authorization and userinfo.
	FamilyOpenID

	NoFamilies  Families = 0
	AllFamilies          = FamilyApplication | FamilyUsers | FamilyOpenID
)

var familyNames = [...]struct {
	family Families
	name   string
}{{FamilyApplication, "application"}, {FamilyUsers, "application-users"}, {FamilyOpenID, "openid"}}

// FamilyNamed returns the family with that name; ok is false when there is none, so that name is a permission's.
func FamilyNamed(name string) (f Families, ok bool) {
	for _, known := range familyNames {
		if known.name == name {
			return known.family, true
		}
	}
	return 0, false
}

func isFamily(name string) bool {
	_, ok := FamilyNamed(name)
	return ok
}

// Has reports whether every family of wanted is in f.
func (f Families) Has(wanted Families) bool { return f&wanted == wanted }

// Names lists the families by name.
func (f Families) Names() (names []string) {
	for _, known := range familyNames {
		if f.Has(known.family) {
			names = append(names, known.name)
		}
	}
	return names
}

// String returns the names, separated by spaces.
func (f Families) String() string { return strings.Join(f.Names(), " ") }
