package application

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Kind is what an application is for. All kinds are presets over one model: an application with permissions and
// credentials. A kind decides what it starts as and where its permissions come from.
type Kind string

const (
	// Service is a program that gets tokens with the permissions it was given.
	Service Kind = "service"
	// Worker is a program that administers Counterfoil: its permissions come from roles. It starts disabled.
	Worker Kind = "worker"
	// Pair is an API credential pair: one name, one client_id, one secret, one preset of permissions.
	Pair Kind = "pair"
	// Global is the one that an environment is born with; it opens every exchange and the connections API.
	Global Kind = "global"
	// Exchange opens the exchange of the one application that it was made for.
	Exchange Kind = "exchange"
	// Connection opens the connections API.
	Connection Kind = "connection"
)

// Ordinary are the kinds that people make for programs; the others are credentials for integrations.
func Ordinary() []Kind { return []Kind{Service, Worker, Pair} }

// Client authentication methods at the token endpoint (RFC 7591 §2, RFC 8705 §2), and the token of another issuer that
// a federated trust takes (RFC 7523 §2.2, with the issuer's own subject).
const (
	Basic         = "client_secret_basic"
	Post          = "client_secret_post"
	SecretJWT     = "client_secret_jwt"
	PrivateKeyJWT = "private_key_jwt"
	TLS           = "tls_client_auth"
	SelfSignedTLS = "self_signed_tls_client_auth"
	Federated     = "federated_jwt"
)

// AuthMethods lists every method that an application can be restricted to.
func AuthMethods() []string {
	return []string{Basic, Post, SecretJWT, PrivateKeyJWT, TLS, SelfSignedTLS, Federated}
}

// Bounds of the integration credentials of one environment.
const (
	MaxExchange   = 30
	MaxConnection = 3
)

const (
	countKind          = `SELECT count(*) FROM application WHERE environment_id = $1 AND kind = $2`
	selectGlobal       = `SELECT ` + columns + ` FROM application WHERE environment_id = $1 AND kind = 'global'`
	selectOpening      = `SELECT ` + columns + ` FROM application WHERE environment_id = $1 AND target_id = $2 ORDER BY id`
	selectOrganization = `SELECT organization_id FROM environment WHERE id = $1`
)

// begin gives a new application what its kind starts as.
func (a *Application) begin(tx *db.Tx, enabled *bool) error {
	if a.Kind == "" {
		a.Kind = Service
	}
	a.Enabled = a.Kind != Worker
	if enabled != nil {
		a.Enabled = *enabled
	}
	most := map[Kind]int{Global: 1, Exchange: MaxExchange, Connection: MaxConnection}[a.Kind]
	switch a.Kind {
	case Service, Worker, Pair:
		return nil
	case Global, Exchange, Connection:
		if (a.Kind == Exchange) != (a.Target != uuid.Nil) {
			return fault.On("application", "an application-specific credential, and no other, is for one application")
		}
		count, err := db.Value[int](tx, countKind, a.Environment.String(), string(a.Kind))
		if err == nil && count >= most {
			err = fault.New(fault.Conflict, "the environment has %d %s credentials, the most it may have; delete one", count, a.Kind)
		}
		if err == nil && a.Kind == Exchange {
			_, err = Load(tx, a.Environment, a.Target)
		}
		return err
	}
	return fault.On("kind", "an application is a service or a worker")
}

// opening are the permissions of the integration credentials, which cannot be changed.
func (k Kind) opening() []string {
	switch k {
	case Global:
		return []string{access.ExchangeAttributes, access.UseConnections}
	case Exchange:
		return []string{access.ExchangeAttributes}
	case Connection:
		return []string{access.UseConnections}
	case Service, Worker, Pair: // what they are given
	}
	return nil
}

// fitKind puts the permissions right that the kind decides. held is what the application had before.
func (a *Application) fitKind(tx *db.Tx, catalogue *access.Catalogue, held []uint32) error {
	if names := a.Kind.opening(); names != nil {
		fixed := catalogue.Management(names)
		if len(a.Permissions) > 0 && !slices.Equal(a.Permissions, fixed) {
			return fault.On("scopes", "what this credential opens cannot be changed")
		}
		a.Permissions = fixed
		return nil
	}
	if a.Kind == Service {
		return nil
	}
	for _, n := range added(a.Permissions, held) {
		switch api := catalogue.Of(n); {
		case a.Kind == Worker && api.Builtin:
			return fault.On("scopes", "what a worker may do with Counterfoil comes from its roles; grant it one")
		case a.Kind == Pair && !api.Builtin:
			return fault.On("scopes", "a pair calls the management API only, and %s is a scope of %s", catalogue.Names([]uint32{n})[0], api.Name)
		}
	}
	if a.Kind == Pair {
		return nil
	}
	return a.takeRoles(tx, catalogue)
}

// takeRoles makes the management permissions of a worker those of its roles.
func (a *Application) takeRoles(tx *db.Tx, catalogue *access.Catalogue) error {
	roles, err := access.Assignments(tx, a.Environment, a.ID)
	if err != nil {
		return err
	}
	numbers := slices.DeleteFunc(slices.Clone(a.Permissions), func(n uint32) bool {
		api := catalogue.Of(n)
		return api == nil || api.Builtin
	})
	for _, r := range roles {
		numbers = append(numbers, catalogue.Management(r.Gives)...)
	}
	slices.Sort(numbers)
	a.Permissions = slices.Compact(numbers)
	return nil
}

// OpensExchange reports whether a client of this kind, made for target, opens the exchange of an application.
func (k Kind) OpensExchange(target, app uuid.UUID) bool {
	return k == Global || k == Exchange && target == app
}

// OpensConnections reports whether a client of this kind opens the connections API.
func (k Kind) OpensConnections() bool { return k == Global || k == Connection }

// GlobalName is what the global credential of an environment is called.
const GlobalName = "global credential"

// Install gives an environment its global credential, unless it has one: without a secret, so that it opens nothing.
func Install(tx *db.Tx, environment uuid.UUID) error {
	operator := access.Operator(environment)
	count, err := db.Value[int](tx, countKind, environment.String(), string(Global))
	if err != nil || count > 0 {
		return err
	}
	name := GlobalName
	for taken := 2; ; taken++ {
		same, err := named(tx, environment, name)
		if err != nil {
			return err
		}
		if len(same) == 0 {
			break
		}
		name = GlobalName + " " + string(rune('0'+taken))
	}
	_, err = Create(tx, &operator, Spec{Kind: Global, Name: name, Description: "Opens every exchange and the connections API, once it has a secret"})
	return err
}

// LoadGlobal returns the global credential of an environment, for doors that go on with [Get] or a change of it.
func LoadGlobal(tx *db.Tx, environment uuid.UUID) (*Application, error) {
	a, err := db.One(tx, scan, selectGlobal, environment.String())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "this environment has no global credential")
	}
	return a, err
}
