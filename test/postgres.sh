#!/usr/bin/env bash
# A throw-away PostgreSQL for the tests: one cluster in a temporary folder, on a free port of the loopback address.
#
#   test/postgres.sh with [--durable] COMMAND…     runs COMMAND with one, always ends it; one that was started
#                                                  before is used and left alone, unless --durable is asked for
#   eval "$(test/postgres.sh start [--durable])"   starts it and exports its address
#   test/postgres.sh stop                          ends what start started
#   test/postgres.sh install                       installs PostgreSQL when it is missing, nothing else
#
# The address is in COUNTERFOIL_TEST_POSTGRES. --durable keeps fsync on, for tests that pull the plug; without it
# the cluster is fast and forgets on a crash. Works as root (PostgreSQL then runs as the user postgres) and as
# anybody else. Only the results go to stdout.
set -euo pipefail

say() { echo "postgres.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# bin prints the folder of the newest PostgreSQL's programs, of which Debian puts only some on the PATH.
bin() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn); do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then echo "$folder"; return; fi
  done
  folder=$(command -v initdb) || return 1
  dirname "$(readlink -f "$folder")"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install() {
  bin >/dev/null && return
  command -v apt-get >/dev/null || die "PostgreSQL is missing and there is no apt-get: install it (initdb and pg_ctl)"
  say "installing PostgreSQL"
  as_root apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
  bin >/dev/null || die "PostgreSQL was installed but its initdb is not to be found"
}

# as_server runs a command as somebody PostgreSQL agrees to run as; it refuses root.
as_server() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# What may be lost is kept in memory where there are 8 GiB for it: a test's database takes a tenth of a second on a disk.
roomy=$((8 << 20)) # KiB

# start sets folder and address.
start() {
  local durable=off programs log tries=0
  if [ "${1:-}" = --durable ]; then durable=on; fi
  install
  programs=$(bin)
  # A socket's path is at most 107 bytes long and PostgreSQL's user must be able to reach it: /tmp, not TMPDIR.
  local place=/tmp
  if [ $durable = off ] && [ "$(df --output=avail -k -t tmpfs /dev/shm 2>/dev/null | tail -n 1)" -ge $roomy ] 2>/dev/null; then place=/dev/shm; fi
  folder=$(mktemp -d $place/counterfoil-postgres.XXXXXX)
  trap 'stop "$folder"' EXIT
  trap 'exit 130' INT TERM HUP
  if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
  log=$folder/log
  as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$log.initdb" 2>&1 ||
    { cat "$log.initdb" >&2; die "initdb failed"; }
  cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 300
shared_buffers = 128MB
max_wal_size = 256MB
fsync = $durable
synchronous_commit = $durable
full_page_writes = $durable
CONF
  # A port that is free now may be taken by the time the server asks for it, so taking it is the only test.
  while :; do
    local port=$((20000 + RANDOM % 12000))
    if as_server "$programs/pg_ctl" start -w -t 60 -D "$folder/data" -l "$log" -o "-p $port" >/dev/null 2>&1 </dev/null; then
      break
    fi
    tries=$((tries + 1))
    [ $tries -lt 10 ] || { cat "$log" >&2; die "PostgreSQL does not start"; }
  done
  address="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
}

# stop ends the cluster in a folder and removes the folder. It is safe to call twice.
stop() {
  local given=$1
  case $given in /tmp/counterfoil-postgres.* | /dev/shm/counterfoil-postgres.*) ;; *) die "$given is not a folder of a test cluster" ;; esac
  [ -d "$given" ] || return 0
  if [ -f "$given/data/postmaster.pid" ]; then
    as_server "$(bin)/pg_ctl" stop -m immediate -D "$given/data" >/dev/null 2>&1 || true
  fi
  rm -rf "$given"
}

verb=${1:-help}
shift || true
case $verb in
  install) install ;;
  start)
    start "$@"
    trap - EXIT INT TERM HUP
    echo "export COUNTERFOIL_TEST_POSTGRES='$address' COUNTERFOIL_TEST_POSTGRES_FOLDER='$folder'"
    ;;
  stop)
    stop "${COUNTERFOIL_TEST_POSTGRES_FOLDER:?nothing to stop: start was not evaluated in this shell}"
    ;;
  with)
    durable=
    if [ "${1:-}" = --durable ]; then durable=--durable; shift; fi
    [ $# -gt 0 ] || die "with what? Name a command"
    if [ -z "$durable" ] && [ -n "${COUNTERFOIL_TEST_POSTGRES:-}" ]; then exec "$@"; fi
    start $durable
    code=0
    COUNTERFOIL_TEST_POSTGRES=$address COUNTERFOIL_TEST_POSTGRES_FOLDER=$folder "$@" || code=$?
    exit $code
    ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" ;;
esac
