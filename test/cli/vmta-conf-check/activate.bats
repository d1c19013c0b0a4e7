#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../../lib/common

activate() {
	run --separate-stderr vmta-conf-check -q --activate "$@"
}

@test "activate: serials grow with each change and stay without one" {
	printf '<virtual-mta a>\n</virtual-mta>\n' >"$CONF"
	activate
	assert_run 0 "$SPOOL: activated, serial 1"
	activate
	assert_run 0 "$SPOOL: unchanged, serial 1"
	printf '<virtual-mta b>\n</virtual-mta>\n' >"$CONF"
	activate
	assert_run 0 "$SPOOL: activated, serial 2"
}

@test "activate: the folder comes from the file where no option names it" {
	unset VMTA_SPOOL
	printf '<spool "%s/other">\n</spool>\n' "$T" >"$CONF"
	activate
	assert_run 0 "$T/other: activated, serial 1"
	[ -s "$T/other/control/conf" ]
}

@test "activate: no spool named exits 78" {
	unset VMTA_SPOOL
	: >"$CONF"
	activate
	assert_run 78 "" '*'
	assert_contains "$stderr" "names no spool"
}

@test "activate: a wrong file changes nothing, and makes no spool" {
	printf 'max-smtp-out 5\n' >"$CONF"
	activate
	assert_run 78 '*' '*'
	assert_contains "$output" "wrong-section"
	[ ! -e "$SPOOL" ]
	printf '<virtual-mta a>\n</virtual-mta>\n' >"$CONF"
	activate
	cp "$SPOOL/control/conf" before
	printf '<virtual-mta a>\n' >"$CONF"
	activate
	assert_run 78 '*' '*'
	cmp before "$SPOOL/control/conf"
}

@test "activate: includes are in the running text, with their places" {
	printf 'include inc.conf\n' >"$CONF"
	printf '# first\n<virtual-mta a>\n</virtual-mta>\n' >inc.conf
	activate
	[ "$status" -eq 0 ]
	assert_contains "$(cat "$SPOOL/control/conf")" "#line 2 $T/inc.conf"
	assert_lacks "$(cat "$SPOOL/control/conf")" include
}

@test "activate: -n checks and writes nothing" {
	: >"$CONF"
	activate -n
	assert_run 0
	[ ! -e "$SPOOL" ]
}

@test "activate: a folder of somebody else is refused" {
	mkdir "$SPOOL"
	echo x >"$SPOOL/file"
	: >"$CONF"
	activate
	assert_run 78 "" '*'
	assert_eq "file" "$(ls "$SPOOL")"
}
