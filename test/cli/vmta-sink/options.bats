#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-sink: what is said to wrong arguments and to a world that doesn't fit.
bats_require_minimum_version 1.5.0
load ../../lib/common

usage='usage: vmta-sink [-Hhq] [-l ADDRESS:PORT]... [-o FILE] [OPTION]... [-- COMMAND [ARG]...]'

# bad WHY ARG...: 64, nothing on stdout, WHY and the usage on stderr.
bad() {
	local why=$1
	shift
	run --separate-stderr timeout 10 vmta-sink "$@"
	assert_run 64 '' '*' || return 1
	assert_contains "$stderr" "$why" && assert_contains "$stderr" "$usage"
}

@test "options: wrong ones are told, with the usage, and give 64" {
	bad "unrecognized option '--nonsense'" --nonsense
	bad "'RCTP 450 x': RCTP: no such stage" --reply 'RCTP 450 x'
	bad "a reply code from 200 to 599 is missing" --reply 'RCPT x'
	bad "bad pattern: " --reply 'RCPT /(/ 450 x'
	bad "--first 0: not a number" --first 0 --reply 'RCPT 450 x'
	bad "--share 101%: it is more than 0% and at most 100%" --share 101%
	bad "--share 0.001: it has at most two decimals" --share 0.001
	bad "--share x: it is more than" --share x
	bad "stand before the rule that they are for" --reply 'RCPT 450 x' --first 1
	bad "--delay 'DOT=x': x: a delay is a number" --delay DOT=x
	bad "--max-conn -1: not a number" --max-conn -1
	bad "--max-size 1x: not a size" --max-size 1x
	bad "--header a:b: not the name of a field" --header a:b
	bad "cmd: a command stands after --" cmd
	bad "which command?" -q --
}

@test "options: addresses that are none, or that others reach, give 64" {
	run --separate-stderr timeout 10 vmta-sink -l nowhere:x
	assert_run 64 '' 'vmta-sink: nowhere:x: it is ADDRESS:PORT or [ADDRESS]:PORT, both numeric'
	run --separate-stderr timeout 10 vmta-sink -l ::1
	assert_run 64 '' 'vmta-sink: ::1: it is ADDRESS:PORT or [ADDRESS]:PORT, both numeric'
	run --separate-stderr timeout 10 vmta-sink -l 127.0.0.1:70000
	assert_run 64 '' 'vmta-sink: 127.0.0.1:70000: it is ADDRESS:PORT or [ADDRESS]:PORT, both numeric'
	run --separate-stderr timeout 10 vmta-sink -l 0.0.0.0:0
	assert_run 64 '' 'vmta-sink: 0.0.0.0:0: not a loopback address (--any-address allows it)'
	run --separate-stderr timeout 10 vmta-sink -l '[::]:0'
	assert_run 64 '' 'vmta-sink: [::]:0: not a loopback address (--any-address allows it)'
}

@test "options: a port that is taken gives 75 and names it" {
	sink_start s
	run --separate-stderr timeout 10 vmta-sink -l "127.0.0.1:$SINK_PORT"
	assert_run 75 '' "vmta-sink: cannot listen on 127.0.0.1:$SINK_PORT: Address already in use"
}

@test "options: an output that can't be opened or written gives 74" {
	run --separate-stderr timeout 10 vmta-sink -l 0 -o no/where
	assert_run 74 '' 'vmta-sink: cannot open no/where: No such file or directory'
	run --separate-stderr timeout 10 vmta-sink -l 0 --count-file no/where
	assert_run 74 '' 'vmta-sink: cannot write no/where: No such file or directory'
	[ -c /dev/full ] || skip "no /dev/full"
	run --separate-stderr timeout 10 vmta-sink -H -q -l 0 -- true
	assert_run 0 '' '*'
	run --separate-stderr timeout 10 vmta-sink -H -l 0 -o /dev/full -- true
	assert_eq 75 "$status"
	assert_contains "$stderr" 'cannot write lines: No space left on device'
}

@test "options: -h prints the synopsis of the manual page" {
	run --separate-stderr vmta-sink -h
	assert_run 0 "$usage"
	assert_eq "${usage#usage: }" "$(mandoc -T ascii "$ROOT/man/vmta-sink.1" |
	    col -bx | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | sed '1d;$d' |
	    tr -s ' \n' ' ' | sed 's/^ //;s/ $//')"
	run --separate-stderr vmta-sink --version
	assert_match "$output" '^vmta-sink [0-9.]+$'
}

@test "options: each one is in the manual page" {
	local opt missing=
	for opt in $(sed -n 's/^\t{ "\([a-z0-9-]*\)", .*_argument.*/\1/p' \
	    "$ROOT/cmd/vmta-sink/options.c"); do
		grep -q -e "Fl Fl $opt\( \|$\)" "$ROOT/man/vmta-sink.1" ||
		    case $opt in
		    help | version) ;;
		    *) missing="$missing $opt" ;;
		    esac
	done
	assert_eq '' "$missing"
}

@test "options: every example of the manual page works" {
	local nr
	mandoc -T lint -W error "$ROOT/man/vmta-sink.1"
	awk -v dir="$T" '
	    /^\.Sh/ { on = $2 == "EXAMPLES" }
	    on && /^\.Bd -literal/ { n++; take = 1; next }
	    /^\.Ed/ { take = 0 }
	    take { gsub(/\\e/, "\\"); print > (dir "/example" n) }
	    ' "$ROOT/man/vmta-sink.1"
	[ -s example5 ]
	for nr in 1 2 3 4 5; do
		run --separate-stderr timeout 30 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
		case $nr in
		1) assert_contains "$output" 'a@example.net,b@example.net' ;;
		2) assert_contains "$stderr" 'messages 1 recipients 2 ' ;;
		3) assert_eq '127.0.0.1 1' "$output" ;;
		4) assert_eq 'example.net 1 22' "$output" ;;
		5) assert_contains "$stderr" 'connections 0 ' ;;
		esac
	done
}
