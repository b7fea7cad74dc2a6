package server

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/counterfoil/counterfoil/internal/adminapi"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Statuses of a check.
const (
	ok      = "ok"
	warning = "warning"
	failure = "failure"
)

// diagnose examines the installation as this node sees it, and says of everything amiss what mends it.
func (h *House) diagnose(ctx context.Context) []adminapi.Check {
	return append([]adminapi.Check{
		h.checkDatabase(ctx), h.checkDisk(), h.checkFreshness(), h.checkPeppers(ctx), h.checkDev(),
	}, h.checkRoot()...)
}

func (h *House) checkDatabase(ctx context.Context) adminapi.Check {
	c := adminapi.Check{Name: "database", Status: ok, Detail: string(h.db.Engine()) + " takes writes"}
	if _, err := h.db.Lease(ctx, "diagnosis/"+h.register.Node().String(), h.register.Node().String(), 0); err != nil {
		c.Status, c.Detail = failure, "the database does not take writes"
		c.Remedy = "look at the server's log for the cause; after a failed disk, restart the server"
	}
	return c
}

// lowSpace is how much room on the disk is little, in bytes.
const lowSpace = 1 << 30

func (h *House) checkDisk() adminapi.Check {
	c := adminapi.Check{Name: "disk", Status: ok}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(h.config.Data, &fs); err != nil {
		c.Detail = "the data folder is not used"
		return c
	}
	free := fs.Bavail * uint64(fs.Bsize)
	c.Detail = fmt.Sprintf("%d MiB free", free>>20)
	if free < lowSpace {
		c.Status, c.Remedy = warning, "make room on the disk of the data folder: when it is full nothing can be changed, though tokens are still issued"
	}
	return c
}

func (h *House) checkFreshness() adminapi.Check {
	age := h.register.Age(h.now())
	c := adminapi.Check{Name: "freshness", Status: ok, Detail: fmt.Sprintf("this node heard the ledger %.1f s ago", age.Seconds())}
	if age > register.RefuseAfter {
		c.Status, c.Remedy = failure, "see why this node cannot read the database; until then it does not hear of revocations"
	}
	if alarms := h.register.Alarms(); alarms > 0 {
		c.Status, c.Detail = failure, fmt.Sprintf("this node found the ledger rewritten %d times since it started", alarms)
		c.Remedy = "unless you restored a backup, find out who did it: counterfoil audit verify --since a kept checkpoint; restarting the node clears this"
	}
	return c
}

// checkPeppers names root keys that cannot be let go because secrets still hang on them.
func (h *House) checkPeppers(ctx context.Context) adminapi.Check {
	c := adminapi.Check{Name: "root keys", Status: ok}
	err := h.db.Read(ctx, func(tx *db.Tx) error {
		used, err := peppersInUse(tx)
		if err != nil {
			return err
		}
		c.Detail = fmt.Sprintf("secrets hang on %d root keys", len(used))
		old, err := credential.Overwrapped(tx, h.vault.Peppers().Newest(), 5)
		if len(old) > 0 {
			c.Status, c.Detail = warning, "these secrets cannot be wrapped in the newest root key: "+strings.Join(old, ", ")
			c.Remedy = "replace them: counterfoil app secret add APP, then counterfoil app secret delete APP ID"
		}
		return err
	})
	if err != nil {
		c.Status, c.Detail = failure, "cannot be read"
	}
	return c
}

func (h *House) checkDev() adminapi.Check {
	if h.config.Dev {
		return adminapi.Check{
			Name: "mode", Status: warning, Detail: "the server runs with --dev: plain HTTP on this machine only",
			Remedy: "for anything but trying out, start it with --base-url https://… and without --dev",
		}
	}
	return adminapi.Check{Name: "mode", Status: ok, Detail: "serving " + h.config.BaseURL}
}

func (h *House) checkRoot() []adminapi.Check {
	data := ""
	if h.db.Engine() == db.SQLite {
		data = filepath.Dir(h.config.DSN())
	}
	var checks []adminapi.Check
	for _, f := range seal.Inspect(h.config.RootSource(), data) {
		status := warning
		if f.Failure {
			status = failure
		}
		checks = append(checks, adminapi.Check{Name: "root key", Status: status, Detail: f.Detail, Remedy: f.Remedy})
	}
	if checks == nil {
		checks = append(checks, adminapi.Check{Name: "root key", Status: ok, Detail: "readable, and for its owner only"})
	}
	return checks
}
