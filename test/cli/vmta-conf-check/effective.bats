#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016 # a group's name begins with a dollar sign
bats_require_minimum_version 1.5.0
load ../../lib/common

setup() {
	common_setup
	cat >"$CONF" <<-'END'
	<virtual-mta slow>
	  smtp-source-host 198.51.100.25 198.51.100.26
	  helo-domain "slow.sender.example"
	  max-smtp-out 5
	  max-msg-per-connection 50
	</virtual-mta>
	domain-macro redmond hotmail.example, outlook.example
	<domain $redmond>
	  max-msg-rate 2/m
	  auth-password "hunter2"
	</domain>
	END
}

# value SCOPE DIRECTIVE: its value and place in the last output.
value() {
	awk -F'\t' -v s="$1" -v d="$2" \
	    '$2 == s && $3 == d { print $4, $5 }' <<<"$output"
}

@test "effective: each value with the file and line that it comes from" {
	run --separate-stderr vmta-conf-check --effective outlook.example/slow
	assert_run 0 '*'
	assert_eq '$redmond/slow' "$(cut -f1 <<<"$output" | sort -u)"
	assert_eq "2/m $CONF:9" "$(value queue max-msg-rate)"
	assert_eq "50 $CONF:5" "$(value queue max-msg-per-connection)"
	assert_eq "20 default" "$(value queue max-smtp-out)"
	assert_eq "5 $CONF:4" "$(value virtual-mta max-smtp-out)"
	assert_eq "198.51.100.25 198.51.100.26 $CONF:2" \
	    "$(value virtual-mta smtp-source-host)"
}

@test "effective: secrets are masked" {
	run --separate-stderr vmta-conf-check --effective '$redmond/slow'
	assert_run 0 '*'
	assert_eq "**** $CONF:10" "$(value queue auth-password)"
	assert_lacks "$output" hunter2
}

@test "effective: without a virtual MTA the default one is taken" {
	run --separate-stderr vmta-conf-check --effective x.example
	assert_run 0 '*'
	assert_eq "x.example/{default}" "$(cut -f1 <<<"$output" | sort -u)"
}

@test "effective: no such virtual MTA, or no domain, exits 64" {
	run --separate-stderr vmta-conf-check --effective x.example/none
	assert_run 64 "" 'vmta-conf-check: x.example/none: there is no virtual MTA "none"'
	run --separate-stderr vmta-conf-check --effective /slow
	assert_run 64 "" '*'
	assert_contains "$stderr" "quote it"
}

@test "effective: a wrong file exits 78 with its errors" {
	echo frob >>"$CONF"
	run --separate-stderr vmta-conf-check --effective x.example/slow
	assert_run 78 '*' "vmta-conf-check: $CONF: 1 error"
	assert_contains "$output" "unknown-directive"
}
