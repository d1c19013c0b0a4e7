#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue accept-clock.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

@test "accept-clock: says so and ends with 0" {
	vmta-queue ready
	run --separate-stderr vmta-queue accept-clock
	assert_run 0 '' 'vmta-queue: the clock counts as right from now on'
	run --separate-stderr vmta-queue accept-clock -n
	assert_run 0 '' 'vmta-queue: would take the clock for right'
	run --separate-stderr vmta-queue accept-clock x
	assert_run 64 '' '*'
}

@test "accept-clock: makes an end of a jump" {
	vmta-queue ready
	vmta-queue accept-clock -q
	# the pair says: this boot, but a wall time of long ago
	awk '{ $1 -= 40000000 } 1' "$SPOOL/control/clock" >pair
	cat pair >"$SPOOL/control/clock"
	assert_match "$(vmta-queue show status 2>/dev/null)" $'^clock\tjumped'
	vmta-queue accept-clock -q
	assert_match "$(vmta-queue show status)" $'^clock\tright$'
}
