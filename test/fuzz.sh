#!/usr/bin/env bash
# Runs every fuzz target of the module, each for so long (1s, 30s, 1000x), or those below a folder.
#
#   test/fuzz.sh TIME [FOLDER]
#
# A package's targets share one binary: `go test -fuzz` would link it again for each. Two packages at a time, each
# with one worker, so that one is linked while another one is fuzzed. The binary is run as `go test` runs it: in its package's
# folder, where seeds and findings are, and with the same cache of interesting inputs.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?for how long each?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# try runs one target. One that found nothing and was only too busy when its time was up is run again: the fuzzer of Go
# calls that a failure now and then (context deadline exceeded).
try() {
  local attempt
  for attempt in 1 2 3; do
    if (cd "$folder" && "$binary" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.parallel 1 \
      -test.fuzzcachedir "$cache/$path") >"$log" 2>&1 </dev/null; then return 0; fi
    grep -q '^ *context deadline exceeded$' "$log" && ! grep -qE 'Failing input|panic|terminated' "$log" || return 1
  done
  return 1
}

# package builds one package's binary and runs its targets, one after the other.
package() {
  local folder=$1 log binary target path
  log=$work/${folder//\//_}
  binary=$log.test
  path=$(go list "$folder")
  go test -c -fuzz=Fuzz -o "$binary" "$folder" >"$log" 2>&1 || { cat "$log"; return 1; }
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$folder"/*_test.go | cut -d' ' -f2); do
    echo "-- $target in $folder"
    try || { cat "$log"; echo "FAIL $target in $folder"; return 1; }
    # A binary without instrumentation runs as well, and finds nothing.
    if grep -q 'not built with coverage instrumentation' "$log"; then echo "FAIL $target in $folder is not instrumented"; return 1; fi
    if ! grep -q '^fuzz: elapsed: ' "$log"; then echo "FAIL $target in $folder did not fuzz"; cat "$log"; return 1; fi
    tail -2 "$log" | head -1
  done
  rm -f "$binary"
}
export -f package try
export time work
cache=$(go env GOCACHE)/fuzz
export cache

grep -rlE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]+' "./${2:-}" | xargs -n1 dirname | sort -u |
  xargs -P 2 -I '{}' bash -euo pipefail -c 'package "$1" >"$work/$$.out" 2>&1 && code=0 || code=$?; cat "$work/$$.out"; exit $code' - '{}'
