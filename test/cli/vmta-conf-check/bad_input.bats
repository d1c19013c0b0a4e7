#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What is no configuration: one clear finding each, 78 or 66, no crash, no hang.
bats_require_minimum_version 1.5.0
load ../../lib/common

# one STATUS CODE: the file has this one error, and it is found soon.
one() {
	run --separate-stderr timeout 20 vmta-conf-check -q "$CONF"
	[ "$status" -eq "$1" ] || fail "status $status: ${output:0:500}"
	assert_eq 1 "$(grep -c ': error: ' <<<"$output")"
	assert_contains "$output" "[$2]"
}

@test "bad input: NUL bytes" {
	printf 'spool /s\nab\0cd\n' >"$CONF"
	one 78 nul-byte
}

@test "bad input: a binary file" {
	cp "$BIN/vmta-conf-check" "$CONF"
	one 78 nul-byte
}

@test "bad input: bytes that are no UTF-8" {
	printf '# caf\351\nspool /s\n' >"$CONF"
	one 78 not-utf8
}

@test "bad input: random bytes without NUL" {
	awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%c%c\n", 1 + i % 255, 200 }' |
	    tr -d '\0' >"$CONF"
	one 78 not-utf8
}

@test "bad input: a line of 10 MB" {
	head -c 10000000 /dev/zero | tr '\0' a >"$CONF"
	printf '\nspool /s\n' >>"$CONF"
	one 78 line-too-long
}

@test "bad input: a line of 10 MB does not hide those after it" {
	head -c 10000000 /dev/zero | tr '\0' a >"$CONF"
	printf '\nfrob\n' >>"$CONF"
	run --separate-stderr vmta-conf-check -q "$CONF"
	assert_contains "$output" "$CONF:2:1: error: unknown directive \"frob\""
}

@test "bad input: deep nesting" {
	awk 'BEGIN { for (i = 0; i < 100000; i++) print "<domain a.example>" }' \
	    >"$CONF"
	run --separate-stderr timeout 20 vmta-conf-check -q "$CONF"
	[ "$status" -eq 78 ]
	assert_contains "$output" unterminated-section
	awk 'BEGIN { for (i = 0; i < 100000; i++) print "<unknown a>" }' >"$CONF"
	run --separate-stderr timeout 20 vmta-conf-check -q "$CONF"
	[ "$status" -eq 78 ]
}

@test "bad input: deep nesting of lists that nest" {
	awk 'BEGIN { for (i = 0; i < 50000; i++) print "<pattern-list a>" }' \
	    >"$CONF"
	run --separate-stderr timeout 20 vmta-conf-check -q "$CONF"
	[ "$status" -eq 78 ]
	assert_eq 1 "$(grep -c too-deep <<<"$output")"
	[ "${#lines[@]}" -lt 40 ]
	# closed again, it is the only error
	awk 'BEGIN { for (i = 0; i < 50; i++) print "<pattern-list a>"
	    for (i = 0; i < 50; i++) print "</pattern-list>" }' >"$CONF"
	one 78 too-deep
}

@test "bad input: a file that includes itself" {
	printf 'include vmta.conf\n' >"$CONF"
	one 78 include
}

@test "bad input: files that include each other" {
	printf 'include b.conf\n' >"$CONF"
	printf 'include vmta.conf\n' >b.conf
	one 78 include
}

@test "bad input: an include that can't be read" {
	printf 'include b.conf\n' >"$CONF"
	mkdir b.conf
	one 78 include
}

@test "bad input: a file that can't be read exits 66" {
	run --separate-stderr vmta-conf-check "$T"
	assert_run 66 "" '*'
}

@test "bad input: macros that grow without end" {
	awk 'BEGIN { print "domain-macro m0 a.example, b.example"
	    for (i = 1; i < 40; i++)
		printf "domain-macro m%d $m%d, $m%d\n", i, i - 1, i - 1
	    print "<domain $m39>\n</domain>" }' >"$CONF"
	run --separate-stderr timeout 20 vmta-conf-check -q "$CONF"
	[ "$status" -eq 78 ] || fail "status $status"
	assert_contains "$output" macro-size
}

@test "bad input: as many errors as there are, none hides another" {
	awk 'BEGIN { for (i = 0; i < 2000; i++) print "frob" i }' >"$CONF"
	run --separate-stderr vmta-conf-check -q "$CONF"
	[ "$status" -eq 78 ]
	assert_eq 2000 "${#lines[@]}"
}
