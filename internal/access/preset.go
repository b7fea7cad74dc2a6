package access

import (
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Preset is one of five sets of permissions that an API credential pair is made with.
type Preset string

// The presets, from the least to the most.
const (
	AuthenticationOnly Preset = "authentication-only"
	ReadUsersOnly      Preset = "read-users"
	// ManageUsers may neither set passwords nor assign or remove roles, in whatever form a request asks for it: the
	// permissions for that are not in it, and every way to do so asks for them. Deleting a role that somebody holds, or
	// widening it, is such a way.
	ManageUsers Preset = "manage-users"
	ReadAll     Preset = "read-all"
	ManageAll   Preset = "manage-all"
)

// Presets lists all of them, from the least to the most.
func Presets() []Preset {
	return []Preset{AuthenticationOnly, ReadUsersOnly, ManageUsers, ReadAll, ManageAll}
}

// Permissions names the permissions of the management API that p stands for; an unknown one is [fault.Invalid].
func (p Preset) Permissions() ([]string, error) {
	switch p {
	case AuthenticationOnly:
		return []string{UseSignin}, nil
	case ReadUsersOnly:
		return []string{ReadUsers, ReadGroups, ReadRoles}, nil
	case ManageUsers:
		return []string{ReadUsers, WriteUsers, ReadGroups, WriteGroups, ReadRoles, WriteRoles}, nil
	case ReadAll:
		return readOnly(ManagementPermissions()), nil
	case ManageAll:
		return UsualPermissions(), nil
	case Custom: // nothing in particular
	}
	return nil, fault.On("access", "it is one of authentication-only, read-users, manage-users, read-all and manage-all")
}

// Custom is what [PresetOf] says of permissions that are none of the presets.
const Custom Preset = "custom"

// PresetOf returns the preset that holds just these permissions, in whatever order, or [Custom].
func PresetOf(names []string) Preset {
	held := slices.Sorted(slices.Values(names))
	for _, p := range Presets() {
		permissions, _ := p.Permissions()
		if slices.Sort(permissions); slices.Equal(held, permissions) {
			return p
		}
	}
	return Custom
}

// readOnly returns those of names that only let see things.
func readOnly(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !Reads(name) })
}

// Reads reports whether a permission of the management API lets see things and no more.
func Reads(permission string) bool { return strings.HasSuffix(permission, ":read") }
