#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../../lib/common

check() {
	run --separate-stderr vmta-conf-check -q "$@" "$CONF"
}

# wrong TEXT FINDING...: the file with TEXT has just these errors.
wrong() {
	local f want=""
	printf '%b' "$1" >"$CONF"
	shift
	for f; do
		want+="${want:+$'\n'}$CONF:$f"
	done
	check
	assert_run 78 "$want"
}

@test "check: a right file prints nothing and exits 0" {
	printf 'spool %s\n' "$SPOOL" >"$CONF"
	check
	assert_run 0
}

@test "check: without -q the counts go to standard error" {
	printf 'spool %s\nhttp-mgmt-port 80\n' "$SPOOL" >"$CONF"
	run --separate-stderr vmta-conf-check "$CONF"
	assert_run 0 "$CONF:2:1: warning: \"http-mgmt-port\" is accepted and has no effect: there is no web monitor; see vmta-queue(1) and vmta-acct(1) [no-effect]" \
	    "vmta-conf-check: $CONF: 0 errors, 1 warning"
}

@test "check: unknown directive, with what was meant" {
	wrong '<domain *>\n  max-mgs-rate 5/h\n</domain>\n' \
	    '2:3: error: unknown directive "max-mgs-rate"; did you mean "max-msg-rate"? [unknown-directive]'
}

@test "check: section that is not closed" {
	wrong '<virtual-mta a>\nmax-smtp-out 1\n' \
	    '1:1: error: <virtual-mta a> is not closed [unterminated-section]'
}

@test "check: bad rate" {
	wrong '<domain *>\nmax-msg-rate 5 per hour\n</domain>\n' \
	    '2:14: error: "5" is no rate; write it as 200/h, 100/15m or unlimited [rate-format]'
}

@test "check: bad interval" {
	wrong '<domain *>\nretry-after 10m, soon\n</domain>\n' \
	    '2:18: error: "soon" is no interval; write it as 30s, 10m, 4d12h or never [interval-format]'
}

@test "check: the first error hides none of those after it" {
	wrong 'x\n<domain *>\ny 1\nmax-smtp-out\n</domain>\n</z>\n' \
	    '1:1: error: unknown directive "x" [unknown-directive]' \
	    '3:1: error: unknown directive "y" [unknown-directive]' \
	    '4:13: error: "max-smtp-out" needs a value: N|unlimited [missing-argument]' \
	    '6:1: error: </z> closes nothing that is open [stray-tag]'
}

@test "check: NUL bytes, CRLF and a byte order mark" {
	wrong 'spool /s\nab\0cd\n' \
	    '2:3: error: a NUL byte; this is no text file [nul-byte]'
	printf '\xef\xbb\xbfspool /s\r\n<domain *>\r\n</domain>\r\n' >"$CONF"
	check
	assert_run 0
}

@test "check: a file that is not there exits 66" {
	run --separate-stderr vmta-conf-check "$T/none"
	assert_run 66 "" \
	    "vmta-conf-check: cannot read $T/none: No such file or directory"
}

@test "check: an include that is not there is an error at its line" {
	wrong '\n include  none.conf\n' \
	    "2:11: error: cannot read $T/none.conf: No such file or directory [include]"
}

@test "check: findings as TSV and JSON" {
	printf 'x\n' >"$CONF"
	check --format tsv
	assert_run 78 "$CONF	1	1	error	unknown-directive	unknown directive \"x\""
	check --json
	[ "$status" -eq 78 ]
	assert_eq unknown-directive "$(jq -r .code <<<"$output")"
}

@test "check: a secret is never shown" {
	printf '<domain *>\nauth-password "hunter2" x\n</domain>\n' >"$CONF"
	run script -qec "vmta-conf-check '$CONF'" /dev/null
	assert_contains "$output" trailing-text
	assert_lacks "$output" hunter2
}

@test "check: on a terminal the line and a caret are shown" {
	printf '<domain *>\n\tmax-smtp-out many\n</domain>\n' >"$CONF"
	run script -qec "vmta-conf-check '$CONF'" /dev/null
	assert_contains "$output" $'max-smtp-out many'
	assert_match "$output" '^ 	             \^'
}

@test "check: wrong use exits 64" {
	run --separate-stderr vmta-conf-check a b
	assert_run 64 "" '*'
	assert_contains "$stderr" "only one file"
	run --separate-stderr vmta-conf-check --activate --directives
	assert_run 64 "" '*'
	run --separate-stderr vmta-conf-check --nonsense
	assert_run 64 "" '*'
}

@test "check: -h prints the usage, --version the version" {
	run --separate-stderr vmta-conf-check -h
	[ "$status" -eq 0 ]
	assert_contains "$output" "usage: vmta-conf-check"
	run --separate-stderr vmta-conf-check --version
	[ "$status" -eq 0 ]
	assert_match "$output" '^vmta-conf-check [0-9]'
}
