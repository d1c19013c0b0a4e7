#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The manual pages of vmta-send say what it does.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

page=$ROOT/man/vmta-send.1

# The examples of a page, in files example1, example2 ...
examples() {
	awk -v dir="$T" '
	    /^\.Sh/ { on = $2 == "EXAMPLES" }
	    on && /^\.Bd -literal/ { n++; take = 1; next }
	    /^\.Ed/ { take = 0 }
	    on && /^\.Dl/ { n++; sub(/^\.Dl "/, ""); sub(/"$/, "")
		print > (dir "/example" n) }
	    take { gsub(/\\e/, "\\"); print > (dir "/example" n) }' "$1"
}

@test "man: every example of vmta-send(1) works" {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	sink_start sink --first 1 --reply 'RCPT /2@/ 450 4.2.0 later'
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	</domain>
	EOF
	examples "$page"
	[ -s example4 ]
	[ ! -e example5 ]
	for nr in 1 2 3 4; do
		queued {1..3}@example.com
		run --separate-stderr timeout 60 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
		case $nr in
		2) assert_eq '3 127.0.0.1' "$output" ;;
		3) assert_contains "$output" '3@example.com' ;;
		4) assert_contains "$stderr" '> RCPT TO:<' ;;
		esac
	done
}

@test "man: the examples of vmta-event(5) work" {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	sink_start sink --reply 'RCPT /2@/ 450 4.2.0 later'
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	</domain>
	EOF
	examples "$ROOT/man/vmta-event.5"
	[ -s example2 ]
	for nr in 1 2; do
		queued {1..3}@example.com
		run --separate-stderr timeout 60 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
		assert_contains "$output" '450 4.2.0 later'
	done
}

@test "man: synopsis, -h and options are the same" {
	need vmta-send
	run vmta-send -h
	assert_eq 'usage: vmta-send [-dHnq] [--no-limits]' "$output"
	assert_contains "$(cat "$page")" '.Op Fl dHnq'
	for o in d H n q; do
		grep -q "^\.It Fl $o" "$page"
	done
	grep -q '^\.It Fl -no-limits' "$page"
}

@test "man: vmta-event(5) has every column, in order" {
	need vmta-queue vmta-throttle vmta-send vmta-sink
	sink_start sink
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	</domain>
	EOF
	queued a@example.com
	assert_eq "$(pipeline -Hq | head -n 1 | tr '\t' '\n')" \
	    "$(sed -n 's/^\.It Cm //p' "$ROOT/man/vmta-event.5")"
}
