package mail

import (
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// MaxAddresses is how many addresses an environment may name.
const MaxAddresses = 20

// Addresses returns where notices of the actor's environment go.
func Addresses(tx *db.Tx, actor *access.Actor) ([]string, error) {
	if err := access.Allow(tx, actor, access.ReadWebhooks); err != nil {
		return nil, err
	}
	return addresses(tx, actor.Environment)
}

// SetAddresses replaces the addresses that notices of the actor's environment go to, and returns them as they are kept:
// sorted, each once, without regard to case. The first address hears of what the ledger says from now on; mails to an
// address that is taken away are dropped. It also needs the permission to see credentials, because notices tell of
// them.
func SetAddresses(tx *db.Tx, actor *access.Actor, list []string) ([]string, error) {
	if err := access.Allow(tx, actor, access.WriteWebhooks); err != nil {
		return nil, err
	}
	if !actor.May(access.ReadCredentials) {
		return nil, fault.New(fault.Denied, "notices tell of credentials; this also needs the scope %s", access.ReadCredentials)
	}
	fresh, err := canonical(list)
	if err != nil {
		return nil, err
	}
	environment := actor.Environment.String()
	// The lock makes changes take turns, also when there is no row yet.
	if _, err := db.Value[string](tx, lockEnvironment+tx.ForUpdate(), environment); err != nil {
		return nil, err
	}
	old, err := addresses(tx, actor.Environment)
	if err != nil || slices.Equal(old, fresh) {
		return fresh, err
	}
	if _, err := tx.Exec(deleteAddresses, environment); err != nil {
		return nil, err
	}
	for _, address := range fresh {
		if _, err := tx.Exec(insertAddress, environment, address); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Exec(cancelMails, environment); err != nil {
		return nil, err
	}
	if err := follow(tx, actor, len(old) > 0, len(fresh) > 0); err != nil {
		return nil, err
	}
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: actor.Environment, Kind: "notice.addresses_changed",
		Subject: ledger.Subject{Kind: "environment", ID: environment}, Before: told{old}, After: told{fresh},
	})
	return fresh, nil
}

// told is what the ledger keeps of a list of addresses.
type told struct {
	Addresses []string `json:"addresses"`
}

func canonical(list []string) ([]string, error) {
	fresh := []string{}
	for _, address := range list {
		address = strings.ToLower(strings.TrimSpace(address))
		if err := ValidAddress("addresses", address); err != nil {
			return nil, err
		}
		fresh = append(fresh, address)
	}
	slices.Sort(fresh)
	fresh = slices.Compact(fresh)
	if len(fresh) > MaxAddresses {
		return nil, fault.On("addresses", "an environment has at most %d addresses for notices", MaxAddresses)
	}
	return fresh, nil
}

// follow begins or ends reading the ledger for an environment. Who gets a first address does not hear of old times.
func follow(tx *db.Tx, actor *access.Actor, before, now bool) error {
	environment := actor.Environment.String()
	switch {
	case now && !before:
		head, err := ledger.Last(tx, actor.Environment)
		if err == nil {
			_, err = tx.Exec(insertPosition, environment, head.Number)
		}
		return err
	case before && !now:
		if _, err := tx.Exec(deleteAllItems, environment); err != nil {
			return err
		}
		_, err := tx.Exec(deletePosition, environment)
		return err
	}
	return nil
}
