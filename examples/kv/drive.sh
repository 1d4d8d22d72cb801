#!/usr/bin/env bash
# Drives the kv example with the real redis-cli and redis-benchmark, and with kv_check, which notes what was
# acknowledged and looks afterwards. One line for each check; ends with an error if any of them does not hold.
#
#   examples/kv/drive.sh            builds, then drives
#   KV_BIN=dir examples/kv/drive.sh drives the kv and kv_check of that directory
#   KV_CRASHES=400                  how many crashes the load has to stand
set -u
cd "$(dirname "$0")/../.."

CRASHES=${KV_CRASHES:-400}
LIMIT=$((32 << 20))
export RUST_BACKTRACE=0

if ! command -v redis-cli >/dev/null || ! command -v redis-benchmark >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        (apt-get update && apt-get install -y --no-install-recommends redis-tools) >/dev/null 2>&1
    fi
    command -v redis-cli >/dev/null || { echo "FAIL  redis-cli is not there: install redis-tools"; exit 1; }
fi

if [ -z "${KV_BIN:-}" ]; then
    cargo build --release -p examples --example kv --example kv_check || exit 1
    KV_BIN=${CARGO_TARGET_DIR:-target}/release/examples
fi
[ -x "$KV_BIN/kv" ] && [ -x "$KV_BIN/kv_check" ] || { echo "FAIL  no kv in $KV_BIN"; exit 1; }

WORK=$(mktemp -d)
FAILED=0
KV=
JOBS=()
BEGAN=$(date +%s)

pass() { echo "ok    $*"; }
fail() { echo "FAIL  $*"; FAILED=1; }
check() { local what=$1; shift; if "$@" >/dev/null 2>&1; then pass "$what"; else fail "$what"; fi; }
# Runs kv_check and passes its line on.
claim() { local line; if line=$("$KV_BIN/kv_check" "$@" 2>&1); then pass "$line"; else fail "$line"; fi; }
cli() { timeout 10 redis-cli -p "$PORT" "$@"; }
# is EXPECTED COMMAND...: the answer, lines joined by blanks.
is() {
    local wanted=$1 got
    shift
    got=$(cli "$@" 2>&1 | tr '\n' ' ' | sed 's/ *$//')
    ASKED=$((ASKED + 1))
    [ "$got" = "$wanted" ] || fail "$* is answered with '$got', not '$wanted'"
}
info() { cli info | tr -d '\r' | sed -n "s/^$1://p"; }

# Below the ports that the system gives to outgoing connections: a client must not meet itself.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo $port; return; }
    done
}

start() {
    : >"$WORK/out"
    "$KV_BIN/kv" --port "$PORT" --dir "$WORK/data" --max-value "$LIMIT" >"$WORK/out" 2>>"$WORK/err" &
    KV=$!
    for _ in $(seq 500); do
        grep -q "listening on" "$WORK/out" && return 0
        kill -0 "$KV" 2>/dev/null || break
        sleep 0.02
    done
    fail "kv does not start: $(tail -3 "$WORK/err")"
    exit 1
}

# stop SIGNAL: sets CODE to how it ended.
stop() {
    kill "-$1" "$KV" 2>/dev/null
    wait "$KV" 2>/dev/null
    CODE=$?
    KV=
}

tidy() {
    local job
    for job in "${JOBS[@]:-}" $KV ${REDIS:-}; do
        [ -n "$job" ] && kill -9 "$job" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$WORK"
}
trap tidy EXIT

PORT=$(free_port)
start

### What redis-cli sees.
ASKED=0
is PONG ping
is hello echo hello
is OK set k v
is v get k
is "" get nothing
is OK set k w XX EX 100
is "" set k x NX
is w set k x GET KEEPTTL
is 100 ttl k
is 1 persist k
is -1 pttl k
is 1 expire k 50
is 4 append k yyy
is 4 strlen k
is xyyy getdel k
is 0 exists k
is 1 incr n
is 42 incrby n 41
is OK mset a 1 b 2 c 3 d 4 e 5 f 6
is "1 2 3 4 5 6  42" mget a b c d e f nothing n
is 3 exists a b c nothing
is 7 dbsize
is a keys "[a]"
is 2 del a b nothing
is 5 dbsize
is "ERR value is not an integer or out of range" incrby n x
is "ERR unknown command 'nonsense'" nonsense
is "ERR wrong number of arguments for 'get' command" get
is OK set short lived PX 30
is "proto-max-bulk-len $LIMIT" config get proto-max-bulk-len
is OK client setname driver
is 0 publish nobody there
sleep 0.05
is "" get short
is OK flushall
is 0 dbsize
case "$(cli -3 hello 3 | tr '\n' ' ')" in *"proto 3"*) ;; *) fail "HELLO 3" ;; esac
case "$(cli command count)" in [0-9]*) ;; *) fail "COMMAND COUNT" ;; esac
case "$(info redis_version)" in [0-9]*) ;; *) fail "INFO" ;; esac
pass "redis-cli: $ASKED commands asked"

(timeout 10 redis-cli -p "$PORT" subscribe news >"$WORK/news") &
JOBS+=($!)
for _ in $(seq 100); do [ "$(cli publish news 'first words')" = 1 ] && break; sleep 0.02; done
cli publish news last >/dev/null
for _ in $(seq 100); do grep -q last "$WORK/news" && break; sleep 0.02; done
check "redis-cli: a subscriber reads what is published" grep -q "first words" "$WORK/news"

### A load with pipelining, while shards crash.
"$KV_BIN/kv_check" load "$PORT" "$WORK/ledger" 60 8 >"$WORK/load" 2>&1 &
LOAD=$!
# It ends with an error at the first reply that is one, or when its connection is closed.
while [ ! -e "$WORK/ledger.stop" ]; do
    timeout 60 redis-benchmark -p "$PORT" -P 16 -c 50 -n 400000 -r 10000 -t set,get,incr -q >>"$WORK/bench" 2>&1 || exit 1
done &
BENCH=$!
JOBS+=($LOAD $BENCH)
DONE=0
while [ "$DONE" -lt "$CRASHES" ]; do
    case "$(cli debug panic "key:$DONE" 2>&1)" in
        *crashed*) DONE=$((DONE + 1)) ;;
        *) fail "DEBUG PANIC is not answered"; break ;;
    esac
    sleep 0.01
done
touch "$WORK/ledger.stop"
wait $LOAD; LOADED=$?
wait $BENCH; BENCHED=$?
COUNTED=$(info shard_crashes)
if [ "$COUNTED" -ge "$CRASHES" ]; then pass "crashes: $COUNTED under load"; else fail "crashes: $COUNTED of $CRASHES"; fi
if [ $LOADED = 0 ]; then pass "$(cat "$WORK/load")"; else fail "$(cat "$WORK/load")"; fi
RUNS=$(tr '\r' '\n' <"$WORK/bench" | grep -ac "requests per second")
ERRORS=$(tr '\r' '\n' <"$WORK/bench" | grep -aic error)
if [ $BENCHED = 0 ] && [ "$RUNS" -gt 0 ] && [ "$ERRORS" = 0 ]; then
    pass "redis-benchmark -P 16: $RUNS tests of 400,000 requests on 50 connections through all crashes, 0 errors"
else
    fail "redis-benchmark: $(tr '\r' '\n' <"$WORK/bench" | grep -ai error | tail -1)"
fi
claim verify "$PORT" "$WORK/ledger"
claim crash "$PORT" 100

### A kill -9 in the middle of writes, and a torn journal.
"$KV_BIN/kv_check" load "$PORT" "$WORK/ledger-killed" 30 8 cut >"$WORK/load" 2>&1 &
LOAD=$!
JOBS+=($LOAD)
sleep 2
stop KILL
if wait $LOAD; then pass "kill -9: $(cat "$WORK/load")"; else fail "kill -9: $(cat "$WORK/load")"; fi
start
claim verify "$PORT" "$WORK/ledger-killed"
claim verify "$PORT" "$WORK/ledger"
stop KILL
for journal in "$WORK"/data/*.journal; do printf '\x40\0\0\0torn' >>"$journal"; done
start
claim verify "$PORT" "$WORK/ledger-killed"
check "a torn tail is set aside" test -e "$WORK/data/shard-0.torn"

### SIGTERM in the middle of writes.
"$KV_BIN/kv_check" load "$PORT" "$WORK/ledger-ended" 30 8 cut >"$WORK/load" 2>&1 &
LOAD=$!
JOBS+=($LOAD)
sleep 1
stop TERM
if [ $CODE = 0 ]; then pass "SIGTERM: exit code 0"; else fail "SIGTERM: exit code $CODE, $(tail -2 "$WORK/err")"; fi
if wait $LOAD; then pass "SIGTERM: $(cat "$WORK/load")"; else fail "SIGTERM: $(cat "$WORK/load")"; fi
check "SIGTERM: nobody is let in any more" bash -c "! redis-cli -p $PORT ping"
start
claim verify "$PORT" "$WORK/ledger-ended"
claim verify "$PORT" "$WORK/ledger"

### Bad manners, and a crowd.
claim malformed "$PORT"
claim oversize "$PORT" "$LIMIT"
claim slow "$PORT" "$KV"
"$KV_BIN/kv_check" hold "$PORT" >"$WORK/hold" 2>&1 &
JOBS+=($!)
for _ in $(seq 100); do grep -q holding "$WORK/hold" && break; sleep 0.02; done
ENDS=$(date +%s)
stop TERM
if [ $CODE = 0 ] && [ $(($(date +%s) - ENDS)) -lt 5 ]; then
    pass "SIGTERM with a client that does not read: exit code 0 after $(($(date +%s) - ENDS)) s"
else
    fail "SIGTERM with a client that does not read: exit code $CODE after $(($(date +%s) - ENDS)) s"
fi
if ulimit -n 12000 2>/dev/null; then
    start
    claim crowd "$PORT" "$KV" 10000
    stop TERM
    if [ $CODE = 0 ]; then pass "SIGTERM after the crowd: exit code 0"; else fail "SIGTERM after the crowd: exit code $CODE"; fi
else
    echo "skip  10,000 connections: only $(ulimit -Hn) file descriptors are allowed"
fi

### Speed, side by side where redis-server is there, too.
speed() {
    timeout 60 redis-benchmark -p "$1" -P "$2" -c 50 -n "$3" -r 100000 -t set,get,incr -q 2>/dev/null |
        tr '\r' '\n' | sed -n 's/^\([A-Z]*\): \([0-9.]*\) requests per second.*/\1 \2/p' | tr '\n' ' '
}
rm -rf "$WORK/data"
start
THEIR=
if command -v redis-server >/dev/null; then
    THEIR=$(free_port)
    redis-server --port $THEIR --save '' --appendonly yes --appendfsync no --dir "$WORK" >/dev/null 2>&1 &
    REDIS=$!
    for _ in $(seq 100); do redis-cli -p "$THEIR" ping >/dev/null 2>&1 && break; sleep 0.05; done
fi
echo "speed requests/s, 50 clients: pipelines of 16, then single requests"
echo "      kv            $(speed "$PORT" 16 500000) | $(speed "$PORT" 1 60000)"
if [ -n "$THEIR" ]; then
    echo "      redis-server  $(speed "$THEIR" 16 500000) | $(speed "$THEIR" 1 60000)"
else
    echo "      redis-server  is not installed"
fi
stop TERM

PANICS=$(grep -c "panicked at" "$WORK/err")
OTHER=$(grep "panicked at" -A1 "$WORK/err" | grep -v "panicked at" | grep -v "^--" | grep -vc "DEBUG PANIC")
if [ "$OTHER" = 0 ]; then pass "no panic but the $PANICS asked for"; else fail "$OTHER panics nobody asked for"; fi
echo "took  $(($(date +%s) - BEGAN)) s"
exit $FAILED
