package directory

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Row is a user as it is stored, for searches that look at many users and keep few.
type Row struct {
	stored  User
	profile string
}

// RowColumns are those that [ScanRow] reads, of directory_user as u.
const RowColumns = prefixedUserColumns

// ScanRow reads a row. It asks for nobody's permission.
func ScanRow(s db.Scan) (*Row, error) {
	u, profile, err := scanRow(s)
	if err != nil {
		return nil, err
	}
	return &Row{*u, profile}, nil
}

// User returns the user.
func (r *Row) User() (*User, error) {
	u := r.stored
	return &u, json.Unmarshal([]byte(r.profile), &u.Profile)
}

// Population is the one that the user is in.
func (r *Row) Population() uuid.UUID { return r.stored.Population }

// Document returns the user with the names of RFC 7643, for filters: without password, and without groups and roles, which
// are kept elsewhere. Times are [time.Time].
func (r *Row) Document() (map[string]any, error) { return r.stored.document([]byte(r.profile)) }

// Document is [Row.Document] of a user that was read.
func (u *User) Document() (map[string]any, error) {
	profile, err := json.Marshal(u.Profile)
	if err != nil {
		return nil, err
	}
	return u.document(profile)
}

func (u *User) document(profile []byte) (doc map[string]any, err error) {
	if err := json.Unmarshal(profile, &doc); err != nil {
		return nil, err
	}
	emails, _ := doc["emails"].([]any)
	for _, e := range emails {
		if email, ok := e.(map[string]any); ok {
			delete(email, "verified") // ours; the RFC has no word for it
		}
	}
	schemas := []string{"urn:ietf:params:scim:schemas:core:2.0:User"}
	for name := range doc {
		if strings.HasPrefix(name, "urn:") {
			schemas = append(schemas, name)
		}
	}
	slices.Sort(schemas)
	doc["schemas"], doc["id"], doc["active"] = schemas, u.ID.String(), u.Status == Active
	doc["meta"] = map[string]any{"resourceType": "User", "created": u.CreatedAt, "lastModified": u.UpdatedAt}
	return doc, nil
}

// Seen reports whether the actor may know of the group as one that a user is in.
func (g *Group) Seen(actor *access.Actor) bool {
	return g.Visible(actor, access.ReadGroups) || g.Visible(actor, access.ReadUsers)
}

// GroupColumns are those that [ScanGroup] reads, of directory_group as g.
const GroupColumns = prefixedGroupColumns

// ScanGroup reads a group. It asks for nobody's permission.
func ScanGroup(s db.Scan) (*Group, error) { return scanGroup(s) }
