#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue resume.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

@test "resume: lifts what is named and prints what still holds" {
	add_message a@example.com --vmta slow
	vmta-queue pause -q --reason r1 'example.com/*'
	vmta-queue pause -q --reason r2 '*/slow'
	run --separate-stderr vmta-queue resume 'example.com/*'
	assert_run 0 '*' 'vmta-queue: resumed example.com/*'
	assert_eq 1 "${#lines[@]}"
	assert_match "$output" $'^\\*/slow\t[0-9]+\t-\tr2$'
	assert_eq 0 "$(vmta-queue ready | wc -l)"
	run --separate-stderr vmta-queue resume '*/slow'
	assert_run 0 '' 'vmta-queue: resumed */slow'
	assert_eq 1 "$(vmta-queue ready | wc -l)"
}

@test "resume --all: lifts all of them" {
	add_message a@example.com --vmta slow
	for p in '*/slow' '*/fast' 'example.com/*'; do
		vmta-queue pause -q "$p"
	done
	run --separate-stderr vmta-queue resume --all
	assert_run 0 '' '*'
	assert_eq 3 "${#stderr_lines[@]}"
	assert_eq 1 "$(vmta-queue ready | wc -l)"
	run --separate-stderr vmta-queue resume --all
	assert_run 0
}

@test "resume: what is not paused is said and is no error" {
	vmta-queue ready
	run --separate-stderr vmta-queue resume '*/slow'
	assert_run 0 '' 'vmta-queue: */slow is not paused'
}

@test "resume -n: says what would be done" {
	vmta-queue ready
	vmta-queue pause -q '*/slow' '*/fast'
	run --separate-stderr vmta-queue resume -n '*/slow' 'x.com/*'
	assert_run 0 '' $'vmta-queue: would resume */slow\nvmta-queue: x.com/* is not paused'
	run --separate-stderr vmta-queue resume -n --all
	assert_run 0 '' '*'
	assert_eq 2 "${#stderr_lines[@]}"
	assert_eq 2 "$(vmta-queue show pauses | wc -l)"
}

@test "resume: bad arguments" {
	vmta-queue ready
	run --separate-stderr vmta-queue resume
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue resume --all '*/slow'
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue resume /slow
	assert_run 64 '' '*'
}
