package scim

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// meta is what the service knows about a resource (RFC 7643 §3.1).
func (c *call) meta(r *schema.Resource, id uuid.UUID, row int64, created, updated time.Time) object {
	return object{
		"resourceType": r.Name, "created": schema.Moment(created), "lastModified": schema.Moment(updated),
		"location": c.place(r, id), "version": version(row),
	}
}

// profile returns what is stored of a user as a document: what its callers may write.
func profile(p *directory.Profile) (object, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	var doc object
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	emails, _ := doc["emails"].([]any)
	for _, one := range emails {
		if email, ok := one.(object); ok {
			delete(email, "verified") // ours; the protocol has no word for it
		}
	}
	return doc, nil
}

// userDocument returns a user as the protocol has it, with what shown selects of what costs something to find out.
func (c *call) userDocument(u *directory.User, shown selection) (object, error) {
	doc, err := profile(&u.Profile)
	if err != nil {
		return nil, err
	}
	r := c.set.User
	urns := []any{r.Base.ID}
	for _, x := range r.Extensions {
		if doc[x.ID] != nil {
			urns = append(urns, x.ID)
		}
	}
	doc["schemas"], doc["id"], doc["active"] = urns, u.ID.String(), u.Status == directory.Active
	doc["meta"] = c.meta(r, u.ID, u.Version, u.CreatedAt, u.UpdatedAt)
	sayPrimary(r, doc)
	if enterprise, ok := doc[schema.EnterpriseURN].(object); ok {
		c.referManager(enterprise)
	}
	if shown.shows("groups") {
		if err := c.addGroups(doc, u); err != nil {
			return nil, err
		}
	}
	if shown.shows("roles") {
		err = c.addRoles(doc, u.ID)
	}
	return doc, err
}

// sayPrimary says of values that are not the primary ones that they are not. That is what its absence means (RFC 7643 §2.4),
// but clients compare what they get with what they sent.
func sayPrimary(r *schema.Resource, doc object) {
	for _, a := range r.Base.Attributes {
		list, ok := doc[a.Name].([]any)
		if !ok || a.Find("primary") == nil {
			continue
		}
		for _, one := range list {
			if value, ok := one.(object); ok && value["primary"] == nil {
				value["primary"] = false
			}
		}
	}
}

func (c *call) referManager(enterprise object) {
	manager, ok := enterprise["manager"].(object)
	if !ok {
		return
	}
	value, _ := manager["value"].(string)
	if id, err := uuid.Parse(value); err == nil {
		manager["$ref"] = c.place(c.set.User, id)
	}
}

// addGroups lists the groups of a user: those that it is in by hand, those around these, and those whose filter it matches.
// Groups that the caller may not see are left out.
func (c *call) addGroups(doc object, u *directory.User) error {
	in, err := directory.GroupsOf(c.tx, c.environment(), u.ID)
	if err != nil {
		return err
	}
	if c.rules == nil {
		rules, err := search.Rules(c.tx, c.environment(), c.set.User)
		if err != nil {
			return err
		}
		c.rules = &rules
	}
	dynamic, err := search.GroupsOf(*c.rules, u)
	if err != nil {
		return err
	}
	for _, g := range dynamic {
		in = append(in, directory.Membership{Group: g, Direct: true})
	}
	var list []any
	for _, m := range in {
		if !c.holds(access.ReadUsers, m.Group) && !c.holds(access.ReadGroups, m.Group) {
			continue
		}
		kind := "indirect"
		if m.Direct {
			kind = "direct"
		}
		list = append(list, object{
			"value": m.Group.ID.String(), "$ref": c.place(c.set.Group, m.Group.ID), "display": m.Group.Name, "type": kind,
		})
	}
	if list != nil {
		doc["groups"] = list
	}
	return nil
}

// holds reports whether the caller holds a permission over a group: one of the whole environment is for those who hold it
// everywhere.
func (c *call) holds(permission string, g *directory.Group) bool {
	if g.Population == uuid.Nil {
		return c.actor().May(permission)
	}
	return c.actor().MayOn(permission, access.OverPopulation, g.Population)
}

func (c *call) addRoles(doc object, user uuid.UUID) error {
	held, err := access.UserRoles(c.tx, c.environment(), user)
	if err != nil || len(held) == 0 {
		return err
	}
	list := make([]any, len(held))
	for i, h := range held {
		list[i] = object{"value": string(h.Role), "display": h.Name, "type": string(h.Scope.Kind)}
	}
	doc["roles"] = list
	return nil
}

// membersShown is how many members an answer lists; a group that has more is shown without any. So what an answer says of
// members is all of them or nothing, and nobody who sends back what they read takes the rest out.
const membersShown = 20_000

// membersPatched is the same for the answer to a change in part, whose point is not to read them all.
const membersPatched = 1000

// groupDocument returns a group as the protocol has it. room is how many members the answer still has space for.
func (c *call) groupDocument(g *directory.Group, shown selection, room *int) (object, error) {
	doc := object{
		"schemas": []any{schema.GroupURN}, "id": g.ID.String(), "displayName": g.Name,
		"meta": c.meta(c.set.Group, g.ID, g.Version, g.CreatedAt, g.UpdatedAt),
	}
	if g.ExternalID != "" {
		doc["externalId"] = g.ExternalID
	}
	if !shown.shows("members") || *room == 0 || !c.holds(access.ReadGroups, g) {
		return doc, nil
	}
	list, err := c.membersOf(g, *room+1)
	if err != nil || len(list) == 0 || len(list) > *room {
		return doc, err
	}
	*room -= len(list)
	shownMembers := make([]any, len(list))
	for i, m := range list {
		shownMembers[i] = c.memberDocument(m)
	}
	doc["members"] = shownMembers
	return doc, nil
}

func (c *call) memberDocument(m directory.Member) object {
	r := c.set.User
	if m.Kind == directory.GroupMember {
		r = c.set.Group
	}
	return object{"value": m.ID.String(), "$ref": c.place(r, m.ID), "type": r.Name}
}

// membersOf returns the members of a group, most of them at most. A group whose filter is too dear to answer has none to
// show.
func (c *call) membersOf(g *directory.Group, most int) ([]directory.Member, error) {
	if g.Filter == "" {
		return directory.Members(c.tx, c.actor(), g.ID, directory.Page{Limit: most})
	}
	found, err := search.Members(c.tx, c.actor(), g, c.set.User, search.Query{Limit: most})
	if fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Denied) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]directory.Member, len(found.Items))
	for i, u := range found.Items {
		all[i] = directory.Member{ID: u.ID, Kind: directory.UserMember}
	}
	return all, nil
}
