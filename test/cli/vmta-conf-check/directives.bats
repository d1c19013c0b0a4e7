#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../../lib/common

@test "directives: one row a directive, with a header on request" {
	run --separate-stderr vmta-conf-check -H --directives
	assert_run 0 '*'
	assert_eq "directive	aliases	sections	value	range	default	effect	meaning" \
	    "${lines[0]}"
	assert_match "$output" '^max-msg-rate	-	<domain>	RATE	-	unlimited	acts	'
}

@test "directives: of one section alone" {
	run --separate-stderr vmta-conf-check --directives acct-file
	assert_run 0 '*'
	assert_match "$output" '^rotate	'
	! grep -q '^max-msg-rate	' <<<"$output"
	run --separate-stderr vmta-conf-check --directives nonsense
	assert_run 64 "" '*'
}

@test "directives: every one that acts is in vmta.conf(5), with its default" {
	local name dflt page=$ROOT/man/vmta.conf.5
	vmta-conf-check --directives |
	    awk -F'\t' '$7 == "acts" { print $1 "\t" $6 }' >rows
	[ "$(wc -l <rows)" -gt 40 ]
	while IFS=$'\t' read -r name dflt; do
		grep -Eq "^\.It Ic $name( |$)" "$page" ||
		    fail "$name is not in vmta.conf(5)"
		[ "$dflt" = - ] && continue
		awk -v n="$name" -v d="$dflt" '
			/^\.It Ic/ { here = $3 == n }
			here && /^\.Dq|^Default|\.Li/ && index($0, d) { ok = 1 }
			END { exit !ok }' "$page" ||
		    fail "the default $dflt of $name is not in vmta.conf(5)"
	done <rows
}

@test "directives: what has no effect yet is not described as acting" {
	[ -s "$ROOT/man/vmta.conf.5" ]
	local name page=$ROOT/man/vmta.conf.5
	vmta-conf-check --directives |
	    awk -F'\t' '$7 != "acts" { print $1 }' | sort -u >others
	vmta-conf-check --directives |
	    awk -F'\t' '$7 == "acts" { print $1 }' | sort -u >acting
	comm -23 others acting | while read -r name; do
		! grep -Eq "^\.It Ic $name( |$)" "$page" ||
		    fail "$name has no effect but stands in vmta.conf(5)"
	done
}
