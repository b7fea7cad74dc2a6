# make help lists the targets.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

# Everything but the race detector goes without C, so that the server, the tests and the tools share one build
# of the SQLite driver, which takes half a minute.
export CGO_ENABLED ?= 0

FUZZTIME ?= 30s
BENCH    ?=
USERS    ?= 1000000
LOGS     := bin/log
POSTGRES := test/postgres.sh with

GOLANGCI    := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

# The parts of `make test`, in order. The first one that fails does not hide the others.
TEST_PARTS := vet build test-go test-clients test-browser test-race fuzz-briefly verify-generated

# Not under the race detector: tests that measure time or memory, that break disks and processes from outside, or that
# send one request after the other for a minute. Programs that test/ starts were built without the detector.
RACE_SKIP := Alloc|Propagat|Percent|Timing|SameTime|Kill|Disk|Sync|Readme|README|EveryRoute|Canary|Canaries

# A race needs two goroutines. These are the packages of which the code or the tests start one, or share memory between some;
# the others call rooms one after the other, and what the rooms do at the same time has tests of its own with them.
CONCURRENT := ^[[:space:]]*go (func|[a-zA-Z])|"sync(/atomic)?"|"testing/synctest"|golang.org/x/sync|\.Parallel\(

# What others wrote and the detector only slows down: the database engine, which is C turned into Go, and slow hashes. With
# them, and a collector that comes by too often, the detector would take three times as long. Code of ours is watched
# wherever it runs. Only packages without generic code of sync or sync/atomic may be named: the linker keeps one copy of
# it for all, and an unwatched one hides who waits for whom (modernc.org/sqlite itself has some, its lib has none).
RACE_BLIND := $(foreach path,modernc.org/sqlite/lib modernc.org/memory $(addprefix golang.org/x/crypto/,argon2 blake2b bcrypt blowfish),-gcflags=$(path)=-race=false)

# The packages in which the engine matters to the race detector. The others run on PostgreSQL there, which lets
# transactions run at the same time: SQLite's one writer stands between them, and hides who waits for nobody.
BOTH_ENGINES := /internal/(db|register|ledger|server)$$

.PHONY: help run build console pictures test $(TEST_PARTS) fuzz generate lint vulncheck bench bench-directory bench-console needs needs-bench clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

run: build ## build and start a server on http://127.0.0.1:8700, its data in ./data
	./bin/counterfoil serve --dev --listen 127.0.0.1:8700 --data ./data

build: console ## build the console and bin/counterfoil
	go build -o bin/counterfoil ./cmd/counterfoil

# What the console is made of. go build alone works, too: its program then has a page that says what is missing.
CONSOLE := internal/consoleweb/dist/console/index.html

console: $(CONSOLE) ## build the console, which the program carries
$(CONSOLE): console/node_modules api/openapi.json $(shell find console -path console/node_modules -prune -o -type f ! -name schema.d.ts -print)
	(cd console && npm run --silent types && npm run --silent build)
	touch $@

test: needs ## everything a change must pass; installs what it needs
	@test/postgres.sh with $(MAKE) test-parts

.PHONY: test-parts
test-parts:
	@mkdir -p $(LOGS); failed=; start=$$SECONDS
	for part in $(TEST_PARTS); do
	  echo "== make $$part"; began=$$SECONDS
	  if $(MAKE) $$part 2>&1 | tee $(LOGS)/$$part.log; then outcome=ok; else outcome=FAILED; failed="$$failed $$part"; fi
	  echo "== make $$part: $$outcome after $$((SECONDS - began)) s"
	done
	for part in $$failed; do
	  echo; echo "== what failed in make $$part (all of it in $(LOGS)/$$part.log)"
	  grep -E '^\s*--- FAIL|^FAIL|^panic:|^not ok|\.go:[0-9]+:|^#|out of date|\*\*\*' $(LOGS)/$$part.log | head -60 || tail -20 $(LOGS)/$$part.log
	done
	echo; echo "== make test: $${failed:+FAILED:}$${failed:-all parts passed} ($$((SECONDS - start)) s)"
	[ -z "$$failed" ]

vet: ## the compiler's own suspicions
	go vet ./...

# The server's own tests take longest by far. Those that are named first begin first, and nothing waits for them in the end.
# Tests that run beside each other wait most of the time, so there are more of them than processors.
test-go: ## the Go tests, on both databases
	$(POSTGRES) go test -timeout 12m -parallel 8 ./internal/server ./...

test-race: ## the Go tests that have concurrency, under the race detector
	@packages=$$(go list -f '{{.ImportPath}} {{.Dir}}' ./internal/server ./... | grep -v -e /bench -e /counterfoil/test/ | while read -r path folder; do
	  if grep -qsE '$(CONCURRENT)' "$$folder"/*.go; then echo "$$path"; fi
	done)
	race() { CGO_ENABLED=1 $(POSTGRES) go test -race $(RACE_BLIND) -exec 'env GOGC=400 GOMEMLIMIT=1GiB' -timeout 12m -parallel 8 -skip '$(RACE_SKIP)' "$$@"; }
	failed=
	race $$(grep -E '$(BOTH_ENGINES)' <<<"$$packages") || failed=yes
	COUNTERFOIL_TEST_ENGINE=postgres race $$(grep -vE '$(BOTH_ENGINES)' <<<"$$packages") || failed=yes
	[ -z "$$failed" ]

test-clients: build ## clients nobody here wrote, against a real server
	@if [ -f test/clients/package.json ]; then cd test/clients && npm test; fi

test-browser: build ## the pages for people, in Debian's Chromium, against a real server
	@if [ -f test/browser/package.json ]; then cd test/browser && npm test; fi

pictures: build ## take the README's pictures of the console again
	cd test/browser && PICTURES=keep node --test console/pictures.test.js

fuzz: ## every fuzz target for FUZZTIME (30s)
	$(POSTGRES) test/fuzz.sh $(FUZZTIME)

fuzz-briefly:
	@$(MAKE) fuzz FUZZTIME=1s

generate: ## write everything that is generated from the code
	go generate ./...

verify-generated: ## fail when what is committed is not what the code generates
	@state() { git ls-files -co --exclude-standard -z | xargs -0 sha256sum 2>/dev/null | sort; }
	before=$$(state); go generate ./...
	diff <(echo "$$before") <(state) || { echo "generated files were out of date: commit what make generate wrote"; exit 1; }

lint: ## golangci-lint (not part of make test)
	$(GOLANGCI) run ./...

vulncheck: ## known vulnerabilities in what we import (not part of make test)
	$(GOVULNCHECK) ./...

bench-directory: ## a million users on both databases: how fast they come in and are found; USERS=n for another number
	go run ./bench/directory -users $(USERS)
	$(POSTGRES) bash -c 'go run ./bench/directory -users $(USERS) -database "$$COUNTERFOIL_TEST_POSTGRES"'

bench-console: build ## a million people in the directory: how soon the console shows the first row of a list; USERS=n for another number
	cd test/browser && PEOPLE=$(USERS) node --test console/crowd.test.js

bench: needs-bench build ## measure beside the bare-HTTP floor and the crypto limit; BENCH='-quick' and other flags
	go run ./bench $(BENCH)

clean: ## remove what was built
	rm -rf bin

# install brings what is missing; its words are program:package.
define install
missing=
for pair in $(1); do
  command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair#*:}"
done
if [ -n "$$missing" ]; then
  echo "installing$$missing"
  root=; [ "$$(id -u)" = 0 ] || root=sudo
  $$root apt-get update -qq
  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing
fi
endef

needs: test/clients/node_modules test/browser/node_modules test/thirdparty/node_modules
	@$(call install,chromium:chromium curl:curl jq:jq strace:strace unshare:util-linux gcc:gcc gcc:libc6-dev)
	@test/postgres.sh install

needs-bench:
	@$(call install,wrk:wrk taskset:util-linux)

%/node_modules: %/package-lock.json
	(cd $* && npm ci --no-audit --no-fund)
	@touch $@
