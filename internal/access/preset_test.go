package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func permissionsOf(t *testing.T, p Preset) []string {
	t.Helper()
	names, err := p.Permissions()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPresetsHoldWhatTheirNamesSay(t *testing.T) {
	for preset, want := range map[Preset]string{
		AuthenticationOnly: "signin:use",
		ReadUsersOnly:      "users:read groups:read roles:read",
		ManageUsers:        "users:read users:write groups:read groups:write roles:read roles:write",
		ManageAll:          strings.Join(UsualPermissions(), " "),
	} {
		if got := strings.Join(permissionsOf(t, preset), " "); got != want {
			t.Errorf("%s: %s", preset, got)
		}
	}
	for _, name := range permissionsOf(t, ReadAll) {
		if !strings.HasSuffix(name, ":read") {
			t.Errorf("read-all holds %s", name)
		}
	}
	if reads := len(readOnly(ManagementPermissions())); len(permissionsOf(t, ReadAll)) != reads || reads < 10 {
		t.Errorf("read-all holds %d of %d", len(permissionsOf(t, ReadAll)), reads)
	}
	for _, unknown := range []Preset{"", "Read-All", Custom, "manage"} {
		if _, err := unknown.Permissions(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", unknown, err)
		}
	}
}

// Only manage-all may set passwords, assign roles, or come by more in some roundabout way: by making applications or
// credentials, or by seeing secrets.
func TestOnlyTheMightiestPresetReachesPasswordsAndRoles(t *testing.T) {
	for _, preset := range Presets() {
		held := permissionsOf(t, preset)
		for _, name := range []string{SetPasswords, AssignRoles, WriteApplications, WriteCredentials, RevealCredentials, WriteAPIs, WritePolicy, WriteKeys} {
			if slices.Contains(held, name) != (preset == ManageAll) {
				t.Errorf("%s: %s", preset, name)
			}
		}
	}
}

func TestPresetIsToldFromItsPermissions(t *testing.T) {
	for _, preset := range Presets() {
		names := permissionsOf(t, preset)
		slices.Reverse(names)
		if got := PresetOf(names); got != preset {
			t.Errorf("%s taken for %s", preset, got)
		}
		if got := PresetOf(names[1:]); got == preset {
			t.Errorf("%s without %s taken for it", preset, names[0])
		}
		if got := PresetOf(append(names, "invoices:read")); got != Custom {
			t.Errorf("%s with a scope more taken for %s", preset, got)
		}
	}
	if got := PresetOf(nil); got != Custom {
		t.Errorf("nothing taken for %s", got)
	}
}

func TestRolesHoldWhatTheirNamesSay(t *testing.T) {
	for role, want := range map[Role]string{
		IdentityDataAdmin: "users:read populations:read groups:read roles:read schemas:read factors:read invitations:read sessions:read " +
			"users:write users:password groups:write factors:write invitations:write sessions:write",
		IdentityDataReadOnly:       "users:read populations:read groups:read roles:read schemas:read factors:read invitations:read sessions:read",
		ApplicationOwner:           "applications:read applications:write credentials:read credentials:write credentials:reveal",
		ClientApplicationDeveloper: "applications:read applications:write credentials:read credentials:write credentials:reveal apis:read",
		OrganizationAdmin:          strings.Join(UsualPermissions(), " "),
	} {
		if got := strings.Join(role.Permissions(), " "); got != want {
			t.Errorf("%s: %s", role, got)
		}
	}
	for _, name := range ConfigurationReadOnly.Permissions() {
		if !strings.HasSuffix(name, ":read") || strings.HasPrefix(name, "users:") {
			t.Errorf("configuration-read-only: %s", name)
		}
	}
	for _, name := range ManagementPermissions() {
		wants := name != WriteEnvironments && name != ReadInstallation && name != RevealConnections
		if slices.Contains(EnvironmentAdmin.Permissions(), name) != wants {
			t.Errorf("environment-admin: %s", name)
		}
	}
	for _, role := range Roles() {
		if role != OrganizationAdmin && role != EnvironmentAdmin && slices.Contains(role.Permissions(), AssignRoles) {
			t.Errorf("%s assigns roles", role)
		}
		role.Permissions()[0] = "changed"
		if role.Permissions()[0] == "changed" {
			t.Errorf("%s can be changed from outside", role)
		}
	}
}

func TestRolesAreGrantedOverWhatTheyAreFor(t *testing.T) {
	kinds := []ScopeKind{OverOrganization, OverEnvironment, OverPopulation, OverApplication, "", "galaxy"}
	for _, role := range append(Roles(), "", "emperor") {
		for _, kind := range kinds {
			defined := role.Defined()
			if defined == nil {
				if len(role.Scopes()) > 0 {
					t.Errorf("%q is no role, and is granted", role)
				}
				continue
			}
			err := defined.Covers(kind)
			if want := slices.Contains(role.Scopes(), kind); (err == nil) != want || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%q over %q: %v", role, kind, err)
			}
		}
	}
	for _, kind := range kinds {
		if got := (RoleScope{Kind: kind}).Everywhere(); got != (kind == OverOrganization || kind == OverEnvironment) {
			t.Errorf("%q: %v", kind, got)
		}
	}
}
