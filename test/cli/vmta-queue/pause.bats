#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue pause.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

setup_mail() {
	add_message a@example.com --vmta fast
	add_message b@example.org --vmta slow
	add_message x@hotmail.com --vmta slow
}

ready_rcpts() {
	vmta-queue ready -H | column rcpt | sort | paste -sd ' '
}

@test "pause: a queue that is paused is not ready, the others are" {
	setup_mail
	run --separate-stderr vmta-queue pause 'example.com/*'
	assert_run 0 '' 'vmta-queue: paused example.com/* until it is resumed'
	assert_eq 'b@example.org x@hotmail.com' "$(ready_rcpts)"
	assert_eq 3 "$(records)"
}

@test "pause: by virtual MTA, by group, by domain of a group, several" {
	setup_mail
	vmta-queue pause -q '*/slow'
	assert_eq 'a@example.com' "$(ready_rcpts)"
	vmta-queue resume -q '*/slow'
	vmta-queue pause -q "\$ms/*"
	assert_eq 'a@example.com b@example.org' "$(ready_rcpts)"
	vmta-queue resume -q --all
	vmta-queue pause -q hotmail.com/slow example.org/slow
	assert_eq 'a@example.com' "$(ready_rcpts)"
	vmta-queue resume -q --all
	vmta-queue pause -q '*'
	assert_eq '' "$(ready_rcpts)"
}

@test "pause: what is added later is paused too" {
	vmta-queue ready
	vmta-queue pause -q 'example.com/*'
	add_message late@example.com
	assert_eq '' "$(ready_rcpts)"
}

@test "pause --until: ends by itself" {
	mkdir -p "$SPOOL"
	vmta-queue ready
	touch "$SPOOL/control/test"
	echo 1795000000 >clock
	export VMTA_CLOCK=$T/clock
	setup_mail
	run --separate-stderr vmta-queue pause --until +2h 'example.com/*'
	assert_run 0 '' 'vmta-queue: paused example.com/* until 2026-11-18\
 21:06:40+0000' || assert_match "$stderr" 'until 2026-11-18 '
	assert_eq 1795007200 "$(vmta-queue show pauses -H | column until)"
	assert_eq 'b@example.org x@hotmail.com' "$(ready_rcpts)"
	echo 1795007199 >clock
	assert_eq 'b@example.org x@hotmail.com' "$(ready_rcpts)"
	echo 1795007201 >clock
	assert_eq 'a@example.com b@example.org x@hotmail.com' "$(ready_rcpts)"
	assert_eq '' "$(vmta-queue show pauses)"
}

@test "pause: the same queue again renews reason and end" {
	vmta-queue ready
	vmta-queue pause -q --reason one --until +1h '*/slow'
	vmta-queue pause -q --reason two '*/slow'
	vmta-queue show pauses -H >out
	assert_eq two "$(column reason <out)"
	assert_eq '-' "$(column until <out)"
}

@test "pause: bad arguments change nothing" {
	vmta-queue ready
	run --separate-stderr vmta-queue pause
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue pause /slow
	assert_run 64 '' '*'
	assert_contains "$stderr" 'did the shell take'
	run --separate-stderr vmta-queue pause --until soon '*/slow'
	assert_run 64 '' '*'
	assert_match "$stderr" '^vmta-queue: --until soon: no time'
	run --separate-stderr vmta-queue pause --until 2h '*/slow'
	assert_run 64 '' '*'
	assert_contains "$stderr" 'that has passed'
	run --separate-stderr vmta-queue pause --reason $'a\nb' '*/slow'
	assert_run 64 '' '*'
	assert_eq '' "$(vmta-queue show pauses)"
}

@test "pause -n: says what would be done" {
	vmta-queue ready
	run --separate-stderr vmta-queue pause -n '*/slow'
	assert_run 0 '' 'vmta-queue: would pause */slow until it is resumed'
	assert_eq '' "$(vmta-queue show pauses)"
}

@test "pause: no spool is made" {
	run --separate-stderr vmta-queue pause '*/slow'
	assert_run 66 '' '*'
	[ ! -e "$SPOOL" ]
}
