#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue show: summaries.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

@test "show queues: records a queue, by name" {
	add_message a@example.com --vmta slow
	add_message b@example.com --vmta slow
	add_message c@example.com --vmta fast
	add_message x@hotmail.com --vmta slow
	add_message y@outlook.com --vmta slow
	vmta-queue show queues -H >out
	assert_eq "\$ms/slow
example.com/fast
example.com/slow" "$(column queue <out)"
	assert_eq $'2\n1\n2' "$(column records <out)"
	assert_eq $'2\n1\n2' "$(column due <out)"
	assert_eq $'0\n0\n0' "$(column waiting <out)"
	assert_eq $'normal\nnormal\nnormal' "$(column mode <out)"
	assert_eq $'-\n-\n-' "$(column paused <out)"
	assert_eq 'example.com/fast' "$(vmta-queue show queues '*/fast' |
	    cut -f1)"
	assert_eq "\$ms/slow" "$(vmta-queue show queues group:ms/* | cut -f1)"
}

@test "show queues: a pause shows since when and why" {
	add_message a@example.com --vmta slow
	vmta-queue pause -q --reason 'blocked, see ticket 7' 'example.com/*'
	vmta-queue show queues -H >out
	assert_match "$(column paused <out)" '^[0-9]+$'
	assert_eq 'blocked, see ticket 7' "$(column reason <out)"
	run --separate-stderr vmta-queue show queues --format table
	assert_match "${lines[0]}" '^queue +records +due '
	assert_contains "${lines[1]}" 'blocked, see ticket 7'
}

@test "show vmtas: those configured, pools, and those that are gone" {
	add_message a@example.com --vmta slow
	add_message b@example.com --vmta both
	vmta-queue pause -q '*/slow'
	vmta-queue show vmtas -H >out
	assert_eq $'{default}\nfast\nslow\nboth' "$(column vmta <out)"
	assert_eq $'vmta\nvmta\nvmta\npool' "$(column kind <out)"
	assert_eq $'0\n1\n0\n2' "$(column sources <out)"
	assert_eq $'0\n0\n1\n1' "$(column records <out)"
	assert_match "$(column paused <out | sed -n 3p)" '^[0-9]+$'
	assert_eq '-' "$(column paused <out | sed -n 4p)"
	spool_conf </dev/null
	vmta-conf-check --activate -q
	vmta-queue show vmtas -H >out
	assert_eq "both
slow
{default}" "$(column vmta <out | sort)"
	assert_eq 2 "$(column kind <out | grep -c unknown)"
}

@test "show status: figures of the spool as a whole" {
	add_message a@example.com
	run --separate-stderr vmta-queue show status
	assert_run 0 '*'
	assert_match "$output" "^spool	$SPOOL\$"
	assert_match "$output" $'^queued\t1$'
	assert_match "$output" $'^due\t1$'
	assert_match "$output" $'^segments\t1$'
	assert_match "$output" $'^damaged\t0$'
	assert_match "$output" $'^configuration\t[1-9][0-9]*$'
	assert_match "$output" $'^configuration-file\tthe same$'
	assert_match "$output" $'^clock\tright$'
	echo 'bounce-after 3d' >>"$CONF"
	assert_match "$(vmta-queue show status)" $'^configuration-file\tnewer$'
}

@test "show pauses: nothing, then what is paused" {
	vmta-queue ready
	run --separate-stderr vmta-queue show pauses
	assert_run 0
	vmta-queue pause -q --until +2h '*/slow'
	vmta-queue show pauses -H >out
	assert_eq '*/slow' "$(column queue <out)"
	assert_eq '-' "$(column reason <out)"
	assert_match "$(column until <out)" '^[0-9]+$'
}

@test "show: what else there is, is a usage error" {
	vmta-queue ready
	for args in '' 'cakes' 'vmtas x' 'status x' 'pauses x'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr vmta-queue show $args
		assert_run 64 '' '*'
		assert_match "$stderr" '^usage: vmta-queue show '
	done
}

@test "show: an empty spool gives an empty table" {
	vmta-queue ready
	run --separate-stderr vmta-queue show queues
	assert_run 0
}
