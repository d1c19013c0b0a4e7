#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-throttle show: what each budget allows and what is left.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load throttle

# Spend three of four of whole, and one of slow.
spend() {
	queued whole {1..3}@example.com
	queued slow a@example.org
	vmta-queue ready | vmta-throttle >/dev/null
}

@test "show: no budgets, no rows" {
	queued free a@example.com
	run --separate-stderr vmta-throttle show
	assert_run 0
	vmta-queue ready | vmta-throttle >/dev/null
	run --separate-stderr vmta-throttle show
	assert_run 0
}

@test "show: limit, used, left and when the next may go" {
	spend
	run --separate-stderr vmta-throttle show -H
	assert_run 0 '*'
	assert_eq $'scope\tlimit\tused\tleft\tnext' "${lines[0]}"
	assert_match "$output" $'^vmta:whole\t4/h\t3\t1\t(now|[0-9]+)$'
	assert_match "$output" $'^queue:example.org/slow\t3/10s\t1\t2\t(now|[0-9]+)$'
	assert_eq 3 "${#lines[@]}"
}

@test "show: a spent budget says when" {
	queued whole {1..5}@example.com
	vmta-queue ready | vmta-throttle -q >/dev/null
	next=$(vmta-throttle show | cut -f5)
	# an hour after the grants expire, in seconds since 1970
	[ "$next" -gt "$(($(date +%s) + 3500))" ]
	[ "$next" -lt "$(($(date +%s) + 3800))" ]
}

@test "show: formats" {
	spend
	run --separate-stderr vmta-throttle show --json vmta:whole
	assert_run 0 '*'
	assert_contains "$output" '"scope":"vmta:whole","limit":"4/h","used":"3","left":"1"'
	run --separate-stderr vmta-throttle show --format csv vmta:whole
	assert_run 0 '*'
	assert_eq scope,limit,used,left,next "${lines[0]}"
	assert_contains "${lines[1]}" vmta:whole,4/h,3,1,
	run --separate-stderr vmta-throttle show --format table vmta:whole
	assert_run 0 '*'
	assert_match "${lines[0]}" '^scope +limit +used +left +next$'
	assert_match "${lines[1]}" '^vmta:whole +4/h +3 +1 '
}

@test "show: patterns choose, with or without the kind" {
	spend
	assert_eq vmta:whole "$(vmta-throttle show 'vmta:*' | cut -f1)"
	assert_eq queue:example.org/slow \
	    "$(vmta-throttle show 'example.org/*' | cut -f1)"
	run --separate-stderr vmta-throttle show 'nothing*'
	assert_run 0
}

@test "show: a lifted limit is no row, a new one is" {
	spend
	sed 's,4/h,5/h,; s,max-msg-rate 3/10s,max-smtp-out 3,' "$CONF" >new
	mv new "$CONF"
	vmta-conf-check --activate >/dev/null 2>&1
	vmta-queue ready | vmta-throttle >/dev/null
	assert_eq $'vmta:whole\t5/h' "$(vmta-throttle show | cut -f1,2)"
}

@test "show: takes no lock and needs no configuration that works" {
	spend
	echo '<nonsense>' >>"$CONF"
	run --separate-stderr vmta-throttle show vmta:whole
	assert_run 0 '*'
	assert_eq 1 "${#lines[@]}"
}
