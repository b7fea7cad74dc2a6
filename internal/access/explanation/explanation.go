package explanation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Question is what somebody wants to know: may a credential do that?
type Question struct {
	// Credential is the id of a credential, or the client id of an application that has just one.
	Credential uuid.UUID
	// Method and Path are a request's; Path begins where the environment's base URL ends, and may leave out /api/v1.
	Method, Path string
	// Field is one that the request sets, or empty.
	Field string
}

// Places where authority can end.
const (
	AtEnvironment = "environment"
	AtApplication = "application"
	AtRole        = "role"
	AtPreset      = "preset"
	AtCredential  = "credential"
	AtFamily      = "family"
	AtRule        = "rule"
	Disabled      = "disabled"
	Expired       = "expired"
)

// Step is one thing that was looked at, and what it says.
type Step struct {
	At    string
	Holds bool
	Says  string
}

// Explanation is the answer.
type Explanation struct {
	Application *application.Application
	Credential  *credential.Credential
	// Rules are the row about the route, and that about the field if there is one.
	Rules   []rule.Rule
	Allowed bool
	// Cut is where it ends first, one of the places; empty if it is allowed.
	Cut   string
	Steps []Step

	catalogue *access.Catalogue
	held      []access.Held
}

const selectApplication = `SELECT application_id FROM credential WHERE environment_id = $1 AND id = $2`

// Of answers a question about a credential that the actor may read. A path at which nothing is served is [fault.Invalid], a
// credential that is not there or not for the actor to see [fault.NotFound], an application that does not have just one
// [fault.Conflict].
func Of(tx *db.Tx, actor *access.Actor, q Question) (*Explanation, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	route, fields, ok := rule.Match(q.Method, q.Path)
	if !ok {
		return nil, fault.On("path", "nothing is served at %s; counterfoil access rules lists what is", strings.ToUpper(q.Method)+" "+q.Path)
	}
	x := &Explanation{Rules: []rule.Rule{route}}
	for _, f := range fields {
		if f.Field == q.Field {
			x.Rules = append(x.Rules, f)
		}
	}
	if err := x.find(tx, actor, q.Credential); err != nil {
		return nil, err
	}
	e, err := environment.Load(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	if x.catalogue, err = access.LoadCatalogue(tx, actor.Environment); err != nil {
		return nil, err
	}
	if x.held, err = access.Assignments(tx, actor.Environment, x.Application.ID); err != nil {
		return nil, err
	}
	x.weigh(tx, e)
	x.Allowed = x.Cut == ""
	return x, nil
}

// find loads the credential and its application.
func (x *Explanation) find(tx *db.Tx, actor *access.Actor, id uuid.UUID) error {
	missing := fault.New(fault.NotFound, "there is no such credential")
	app, err := db.Value[string](tx, selectApplication, actor.Environment.String(), id.String())
	switch {
	case fault.Is(err, fault.NotFound):
		return x.only(tx, actor, id, missing)
	case err != nil:
		return err
	}
	owner, err := uuid.Parse(app)
	if err != nil {
		return err
	}
	if !actor.MayOn(access.ReadCredentials, access.OverApplication, owner) {
		return missing
	}
	if x.Application, err = application.Load(tx, actor.Environment, owner); err != nil {
		return err
	}
	x.Credential, err = credential.Load(tx, actor.Environment, owner, id)
	return err
}

// only takes the one credential of an application.
func (x *Explanation) only(tx *db.Tx, actor *access.Actor, app uuid.UUID, missing error) (err error) {
	if !actor.MayOn(access.ReadCredentials, access.OverApplication, app) {
		return missing
	}
	if x.Application, err = application.Load(tx, actor.Environment, app); err != nil {
		if fault.Is(err, fault.NotFound) {
			return missing
		}
		return err
	}
	all, err := credential.LoadAll(tx, actor.Environment, app)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return fault.New(fault.Conflict, "the application has %d credentials; name one by its id", len(all))
	}
	x.Credential = all[0]
	return nil
}

// weigh goes the way that a request goes.
func (x *Explanation) weigh(tx *db.Tx, e *environment.Environment) {
	route := &x.Rules[0]
	switch route.Guard {
	case rule.Public:
		x.step(AtRule, true, "anybody may call it; nobody asks for a credential")
		return
	case rule.Local, rule.Link, rule.Signature, rule.Person:
		x.step(AtRule, false, "no credential opens it; it asks for %s", route.Asks())
		return
	case rule.Permission, rule.OneOf, rule.Family, rule.Either, rule.AnyToken, rule.Client:
	}
	x.life(tx, e)
	x.comesIn(route)
	for i := range x.Rules {
		x.answers(&x.Rules[i])
	}
	if route.Absent {
		x.step(AtRule, true, "nothing is there yet: whoever may call it hears 404")
	}
}

// step notes what was looked at; the first that does not hold is the cut.
func (x *Explanation) step(at string, holds bool, format string, args ...any) {
	x.cut(at, at, holds, format, args...)
}

func (x *Explanation) cut(at, word string, holds bool, format string, args ...any) {
	x.Steps = append(x.Steps, Step{at, holds, fmt.Sprintf(format, args...)})
	if !holds && x.Cut == "" {
		x.Cut = word
	}
}

// life says whether everything that the credential hangs on is alive, in the order of the gate.
func (x *Explanation) life(tx *db.Tx, e *environment.Environment) {
	if !e.Enabled {
		x.cut(AtEnvironment, Disabled, false, "the environment is disabled")
	}
	a, c := x.Application, x.Credential
	x.cut(AtApplication, Disabled, a.Enabled, "%s %s is %s", a.Kind, a.Name, state(a.Enabled))
	x.cut(AtCredential, Disabled, c.Enabled, "the %s is %s", c.Kind, state(c.Enabled))
	if now := tx.Now(); c.Expired(now) {
		x.cut(AtCredential, Expired, false, "it expired at %s", c.ExpiresAt.Format("2006-01-02 15:04 MST"))
	} else if now.Before(c.NotBefore) {
		x.cut(AtCredential, Expired, false, "it is not valid before %s", c.NotBefore.Format("2006-01-02 15:04 MST"))
	}
	if len(c.Networks) > 0 {
		x.step(AtCredential, true, "it may be used from %s only", strings.Join(c.Networks.Strings(), ", "))
	}
}

func state(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

// comesIn says whether the credential gets to the door at all: where it is not taken as it is, it must get a token first.
func (x *Explanation) comesIn(route *rule.Rule) {
	if route.Door == rule.Services || route.Door == rule.SCIM || route.Guard == rule.Family || route.Guard == rule.Either || route.Guard == rule.Client {
		return
	}
	if !x.Credential.Families.Has(access.FamilyOpenID) {
		x.step(AtFamily, false, "it lacks the API family %s, so it gets no token", access.FamilyOpenID)
	}
}

// answers says whether the credential has what a rule asks for.
func (x *Explanation) answers(r *rule.Rule) {
	switch r.Guard {
	case rule.AnyToken:
		x.step(AtRule, true, "any good token will do")
	case rule.Family:
		x.family(r.Families)
	case rule.Client:
		if r.Families != access.NoFamilies {
			x.family(r.Families)
		}
	case rule.Either:
		x.either(r)
	case rule.Permission:
		x.authority(r)
	case rule.OneOf:
		x.any(r)
	case rule.Public, rule.Local, rule.Link, rule.Signature, rule.Person:
	}
}

// ordinary applications are those that do not administer: what a worker or a pair may do comes from its roles or its access.
func (x *Explanation) ordinary() bool {
	return x.Application.Kind != application.Worker && x.Application.Kind != application.Pair
}

func (x *Explanation) family(wanted access.Families) {
	if x.Credential.Families.Has(wanted) {
		x.step(AtFamily, true, "the credential has the API family %s", wanted)
		return
	}
	x.step(AtFamily, false, "the credential lacks the API family %s; it has %s", wanted, list(x.Credential.Families.Names()))
}

// authority follows each permission from what the application may to what the credential lets through.
func (x *Explanation) authority(r *rule.Rule) {
	for _, name := range append([]string{r.Permission}, r.Also...) {
		number, ok := x.catalogue.Number(name)
		holds := ok && slices.Contains(x.Application.Permissions, number)
		x.source(name, holds)
		asked := access.Asked{Application: []uint32{number}, Credential: x.Credential.Permissions, Narrowed: x.Credential.Narrowed}
		if holds && !asked.Holds(number) {
			x.step(AtCredential, false, "the credential is narrowed to %s, without %s", list(x.catalogue.Names(x.Credential.Permissions)), name)
		}
	}
}

// either asks ordinary applications for the family, as far as their credential has it, and everybody else for the permission.
func (x *Explanation) either(r *rule.Rule) {
	own := r.Families == access.FamilyApplication
	if x.ordinary() && (own || x.Credential.Families.Has(r.Families)) {
		x.family(r.Families)
		return
	}
	if own {
		x.family(r.Families)
	} else {
		x.step(AtFamily, true, "the API family %s opens it for ordinary applications whose credential has it; others need the permission", r.Families)
	}
	x.authority(r)
}

// any follows the first permission that the application has of those that will do.
func (x *Explanation) any(r *rule.Rule) {
	one := rule.Rule{Permission: r.OneOf[0]}
	for _, name := range r.OneOf {
		if number, ok := x.catalogue.Number(name); ok && slices.Contains(x.Application.Permissions, number) {
			one.Permission = name
			break
		}
	}
	x.authority(&one)
}

// source says what an application has a permission from, or lacks it for.
func (x *Explanation) source(name string, holds bool) {
	a := x.Application
	switch a.Kind {
	case application.Worker:
		var by []string
		everywhere := false
		for _, h := range x.held {
			if slices.Contains(h.Gives, name) {
				by = append(by, fmt.Sprintf("%s over the %s %s", h.Name, h.Scope.Kind, h.Scope.ID))
				everywhere = everywhere || h.Scope.Everywhere()
			}
		}
		switch {
		case !holds:
			x.step(AtRole, false, "none of the worker's roles includes %s; it has %s", name, list(x.roleNames()))
		case everywhere:
			x.step(AtRole, true, "%s comes from %s", name, strings.Join(by, ", "))
		default:
			x.step(AtRole, true, "%s comes from %s: there, and nowhere else", name, strings.Join(by, ", "))
		}
	case application.Pair:
		preset := access.PresetOf(x.catalogue.Names(a.Permissions))
		x.step(AtPreset, holds, "the access %s %s %s", preset, includes(holds), name)
	case application.Service, application.Global, application.Exchange, application.Connection:
		x.step(AtApplication, holds, "what the application may do %s %s", includes(holds), name)
	}
}

func (x *Explanation) roleNames() (names []string) {
	for _, h := range x.held {
		names = append(names, h.Name)
	}
	return names
}

func includes(holds bool) string {
	if holds {
		return "includes"
	}
	return "does not include"
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
