package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// module is the import path of the module's root.
const module = "github.com/counterfoil/counterfoil/"

// floor is how high in the house a package stands. Imports point down.
type floor int

const (
	nowhere  floor = iota
	ground         // knows nothing of the product
	room           // one idea: its rules and its SQL
	plumbing       // HTTP for doors
	door           // one protocol or audience
	building       // the server, which knows everybody
	desk           // the commands
	entrance       // the program
	public         // what other people's programs import; knows nothing of the inside
	testing        // for tests only
	yard           // the benchmark and its like: may look at everything, nobody looks at it
)

func (f floor) String() string {
	return [...]string{"nowhere", "ground", "room", "web", "door", "server", "cli", "program", "public package",
		"test package", "yard"}[f]
}

// floors places every package; one that is not listed stands on the floor of the folder above it.
var floors = map[string]floor{
	"cmd/counterfoil": entrance,
	"client":          public,
	"bench":           yard,
	"test":            yard,

	"internal/cli":    desk,
	"internal/server": building,
	"internal/web":    plumbing,

	"internal/oauth": door, "internal/leakintake": door, "internal/adminapi": door, "internal/handover": door, "internal/mailbox": door, "internal/scim": door, "internal/services": door,
	"internal/signin": door, "internal/connectapi": door, "internal/federationapi": door,
	"internal/handbook":   door,
	"internal/consoleweb": door, "internal/facade/onelogin": door, "internal/facade/pingone": door,
	"internal/facade/pingenterprise": door, "internal/facade/sap": door, "internal/facade/nango": door,

	"internal/environment": room, "internal/application": room, "internal/credential": room,
	"internal/token": room, "internal/access": room, "internal/directory": room, "internal/session": room,
	"internal/federation": room, "internal/saml": room, "internal/connect": room, "internal/notice": room,
	"internal/register": room, "internal/ledger": room, "internal/logon": room,
	"internal/overview": room,

	"internal/fault": ground, "internal/db": ground, "internal/seal": ground, "internal/keyring": ground,
	"internal/egress": ground,
	"docs":            ground, // text, and no code

	"internal/archtest": testing, "internal/dbtest": testing, "internal/housetest": testing, "internal/roomtest": testing,
}

// top returns the listed package that path belongs to: itself or the nearest folder above.
func top(path string) string {
	for path != "" && floors[path] == nowhere {
		at := strings.LastIndexByte(path, '/')
		path = path[:max(at, 0)]
	}
	return path
}

// mayImport says whether a package on one floor may import one on another. Within one floor, rooms and ground
// may know each other (Go itself forbids circles); doors never do, or removing one would break another.
func mayImport(from, to floor) bool {
	switch from {
	case ground, room:
		return to <= from
	case desk:
		return to <= room || to == building || to == public // proof offline, serve, and a server's answers
	case entrance:
		return to == desk
	case public:
		return false
	case testing, yard:
		return to != yard
	default:
		return to < from
	}
}

// Budgets, in lines. Crossing one means "split by idea".
const (
	fileBudget     = 400
	testFileBudget = 800
	functionBudget = 60
	packageBudget  = 2500
)

// roomier are packages with a budget of their own. The SDK is one import for its users, flat on purpose, with a file for
// each resource: splitting it would tidy our house and clutter theirs.
var roomier = map[string]int{"client": 6000}

// emptyNames say nothing about what is inside.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "manager", "managers", "pkg", "misc", "base", "shared"}

// vendors are those whose dialects the façades speak.
var vendors = regexp.MustCompile(`(?i)onelogin|ping(one|identity|enterprise)|nango|\bsap\b`)

// Violations returns what in the module at root breaks the law, each as "place: what is wrong".
func Violations(root fs.FS) ([]string, error) {
	packs, err := read(root)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, p := range packs {
		for _, law := range []func(*pack) []string{place, imports, documentation, budgets, names} {
			found = append(found, law(p)...)
		}
	}
	return found, nil
}

func place(p *pack) []string {
	if top(p.path) != "" {
		return nil
	}
	return []string{fmt.Sprintf("%s: has no floor: give it one in internal/archtest, or put it into a package that has", p.path)}
}

// imports holds the code to the floors. Tests may look at whatever they test against.
func imports(p *pack) (found []string) {
	here := top(p.path)
	from := floors[here]
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, i := range f.imports {
			if from == room && (i.path == "net/http" || strings.HasPrefix(i.path, "net/http/")) {
				found = append(found, fmt.Sprintf("%s:%d: a room imports %s: that is a door's business", f.path, i.line, i.path))
			}
			path, ours := strings.CutPrefix(i.path, module)
			there := top(path)
			if ours && there != "" && there != here && !mayImport(from, floors[there]) {
				found = append(found, fmt.Sprintf("%s:%d: %s (%s) imports %s (%s): imports point down only",
					f.path, i.line, p.path, from, path, floors[there]))
			}
		}
	}
	return found
}

func documentation(p *pack) []string {
	code := false
	for _, f := range p.files {
		if f.documented && !f.test {
			return nil
		}
		code = code || !f.test
	}
	if !code {
		return nil
	}
	return []string{p.path + ": has no package comment: write doc.go (what it owns, what it does not, where to enter)"}
}

func budgets(p *pack) (found []string) {
	total := 0
	for _, f := range p.files {
		if f.generated {
			continue
		}
		budget := fileBudget
		if f.test {
			budget = testFileBudget
		} else {
			total += f.lines
			for _, fn := range f.functions {
				if fn.lines > functionBudget {
					found = append(found, fmt.Sprintf("%s:%d: %s has %d lines, more than %d", f.path, fn.line, fn.name, fn.lines, functionBudget))
				}
			}
		}
		if f.lines > budget {
			found = append(found, fmt.Sprintf("%s: has %d lines, more than %d", f.path, f.lines, budget))
		}
	}
	if budget := max(packageBudget, roomier[p.path]); total > budget {
		found = append(found, fmt.Sprintf("%s: has %d lines, more than %d", p.path, total, budget))
	}
	return found
}

// names keeps empty words out of packages' names, and vendors' words out of everything below the doors.
func names(p *pack) (found []string) {
	for _, name := range []string{path.Base(p.path), strings.TrimSuffix(p.files[0].name, "_test")} {
		if slices.Contains(emptyNames, name) {
			found = append(found, fmt.Sprintf("%s: %q says nothing about what is inside", p.path, name))
		}
	}
	if f := floors[top(p.path)]; f != ground && f != room {
		return found
	}
	for _, f := range p.files {
		for i, line := range strings.Split(string(f.text), "\n") {
			if word := vendors.FindString(line); word != "" {
				found = append(found, fmt.Sprintf("%s:%d: %q is a vendor's word: it belongs in a façade", f.path, i+1, word))
			}
		}
	}
	return found
}
