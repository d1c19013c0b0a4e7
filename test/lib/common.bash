# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034 # bats files use the variables
# What the command tests share.  A bats file begins with
#
#	bats_require_minimum_version 1.5.0
#	load ../../lib/common
#
# and calls the programs by name: they stand first in PATH.  Every test has the
# folder $BATS_TEST_TMPDIR to itself, works there, and has the variables
#
#	BIN	where the programs are ($VMTA_BIN, else build/bin)
#	ROOT	the top of the source tree
#	T	$BATS_TEST_TMPDIR
#	CONF	$T/vmta.conf, also in $VMTA_CONF
#	SPOOL	$T/spool, also in $VMTA_SPOOL
#
# Whatever start_bg and sink_start began is ended when the test ends.  A file
# with a teardown of its own calls stop_all in it; one with a setup of its own
# calls common_setup first.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BIN=${VMTA_BIN:-$ROOT/build/bin}
case $BIN in
/*) ;;
*) BIN=$PWD/$BIN ;;
esac

common_setup() {
	T=$BATS_TEST_TMPDIR
	CONF=$T/vmta.conf
	SPOOL=$T/spool
	export VMTA_CONF=$CONF VMTA_SPOOL=$SPOOL TZ=UTC LC_ALL=C
	unset VMTA_CLOCK
	PATH=$BIN:$PATH
	mkdir -p "$T/bg"
	cd "$T" || return
}

setup() {
	common_setup
}

teardown() {
	stop_all
}

# Skip the test unless every program named is built.
need() {
	local p
	for p; do
		[ -x "$BIN/$p" ] || skip "$p is not built"
	done
}

# --- assertions ------------------------------------------------------------

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# assert_eq EXPECTED ACTUAL [WHAT]
assert_eq() {
	[ "$1" = "$2" ] ||
	    fail "${3:-value} differs" "expected: $1" "  actual: $2"
}

# assert_contains TEXT PART
assert_contains() {
	case $1 in
	*"$2"*) ;;
	*) fail "missing: $2" "in: $1" ;;
	esac
}

# assert_lacks TEXT PART
assert_lacks() {
	case $1 in
	*"$2"*) fail "not wanted: $2" "in: $1" ;;
	esac
}

# assert_match TEXT ERE: some line of TEXT matches.
assert_match() {
	grep -Eq -- "$2" <<<"$1" || fail "no line matches: $2" "in: $1"
}

# After "run --separate-stderr": assert_run STATUS [STDOUT [STDERR]], where what
# is not given must be empty and "*" takes anything.
assert_run() {
	local want_out=${2-} want_err=${3-}
	# shellcheck disable=SC2154 # set by run
	if [ "$status" -ne "$1" ]; then
		fail "status $status, expected $1" "stdout: $output" \
		    "stderr: ${stderr-}"
		return 1
	fi
	[ "$want_out" = '*' ] || assert_eq "$want_out" "$output" stdout ||
	    return 1
	[ "$want_err" = '*' ] || assert_eq "$want_err" "${stderr-}" stderr
}

# wait_for SECONDS COMMAND...: until it succeeds.  For the end of something that
# runs beside the test; a test passes at once on a fast machine.
wait_for() {
	local tries=$(($1 * 50))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $((tries -= 1)) -gt 0 ] || fail "waited in vain for: $*" ||
		    return 1
		sleep 0.02
	done
}

# --- processes -------------------------------------------------------------

# start_bg NAME COMMAND...: run it beside the test, its output in NAME.out and
# NAME.err, its process id in $BG_PID.
start_bg() {
	local name=$1
	shift
	"$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null 3>&- &
	BG_PID=$!
	echo "$BG_PID" >"$T/bg/$name"
}

# Is it still running?
running_bg() {
	kill -0 "$(cat "$T/bg/$1")" 2>/dev/null
}

# stop_bg NAME [SIGNAL]: end it and wait; its exit status is the result.
stop_bg() {
	local pid rc=0
	[ -f "$T/bg/$1" ] || return 0
	pid=$(cat "$T/bg/$1")
	rm -f "$T/bg/$1"
	kill "-${2:-TERM}" "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || rc=$?
	return "$rc"
}

# Wait for the end of it without a signal; its exit status is the result.
wait_bg() {
	local pid rc=0
	pid=$(cat "$T/bg/$1")
	rm -f "$T/bg/$1"
	wait "$pid" || rc=$?
	return "$rc"
}

# End all that still runs; what doesn't listen is killed.
stop_all() {
	local f pid
	for f in "${T:-/nonexistent}"/bg/*; do
		[ -f "$f" ] || continue
		pid=$(cat "$f")
		rm -f "$f"
		kill -TERM "$pid" 2>/dev/null || continue
		for _ in {1..100}; do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.02
		done
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# --- the sink --------------------------------------------------------------

# sink_start NAME [OPTION...]: a vmta-sink that listens where the options say,
# or on one free port of 127.0.0.1.  Returns when it does.  Its first port is in
# $SINK_PORT; "sink_port NAME [N]" tells the port of its N-th line, and
# "sink_rows NAME" prints its transactions.
sink_start() {
	local name=$1
	shift
	case " $*" in
	*' -l'* | *' --listen'*) ;;
	*) set -- --listen 127.0.0.1:0 "$@" ;;
	esac
	start_bg "$name" "$BIN/vmta-sink" "$@"
	if ! wait_for 10 sink_ready "$name"; then
		fail "sink $name: $(cat "$T/$name.err")"
		return 1
	fi
	SINK_PORT=$(sink_port "$name")
}

sink_ready() {
	grep -q '^listening ' "$T/$1.out"
}

sink_port() {
	awk -v n="${2:-1}" '$1 == "listening" && ++seen == n { print $3 }' \
	    "$T/$1.out"
}

sink_address() {
	awk -v n="${2:-1}" '$1 == "listening" && ++seen == n { print $2 }' \
	    "$T/$1.out"
}

sink_rows() {
	grep -v '^listening ' "$T/$1.out" || true
}

# sink_wait NAME N: until it has printed N transactions.
sink_wait() {
	wait_for 20 sink_has "$@"
}

sink_has() {
	[ "$(sink_rows "$1" | wc -l)" -ge "$2" ]
}

sink_stop() {
	stop_bg "$1" || true
}

# --- input -----------------------------------------------------------------

# spool_conf [FILE]: write a configuration for $SPOOL that reaches nothing
# outside; lines of standard input are added to it:
#
#	spool_conf <<EOF
#	<domain *>
#	  smtp-hosts [127.0.0.1]:$SINK_PORT
#	</domain>
#	EOF
spool_conf() {
	{
		printf '<spool %s>\n</spool>\n' "$SPOOL"
		printf 'host-name sender.test\n'
		[ -t 0 ] || cat
	} >"${1:-$CONF}"
}

# message [SUBJECT [BYTES]]: a message on standard output, its body padded with
# lines to about BYTES.
message() {
	printf 'From: News <news@sender.test>\n'
	printf 'To: reader@example.com\nSubject: %s\n' "${1:-test}"
	printf 'Date: Mon, 23 Nov 2026 12:00:00 +0000\n'
	printf 'Message-ID: <1@sender.test>\n\n'
	printf 'Hello.\n'
	[ -z "${2-}" ] || yes 'The quick brown fox jumps over the lazy dog.' |
	    head -c "$2" | sed '$s/$//'
}

# column NAME: the values of one column of the TSV on standard input, by the name
# in its header line.
column() {
	awk -F '\t' -v want="$1" '
	    NR == 1 {
		for (i = 1; i <= NF; i++)
			if ($i == want)
				c = i
		next
	    }
	    c { print $c }'
}
