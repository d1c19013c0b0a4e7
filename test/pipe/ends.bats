# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../lib/common
load pipe

# statuses COMMAND: run a pipeline in a shell; print its stages' exit statuses.
statuses() {
	bash -c "$1"'; echo "${PIPESTATUS[@]}" >&2' 2>&1 >/dev/null | tail -n 1
}

prepare() {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	sink_start sink
	pipe_conf </dev/null
	inject "$1" 2
}

@test "a reader that closes the pipe is an ordinary end for ready and throttle" {
	prepare 3000
	assert_eq '0 0' "$(statuses 'vmta-queue ready | head -n 1')"
	assert_eq '0 0 0' \
	    "$(statuses 'vmta-queue ready | vmta-throttle | head -n 1')"
	[ "$(queued)" -eq 3000 ]
}

@test "a reader of the events that goes away costs no mail and no record" {
	prepare 500
	assert_eq '0 0 0 0' \
	    "$(statuses 'vmta-queue ready | vmta-throttle | vmta-send -q | head -n 1')"
	judge 500 0 sink
	vmta-acct -q </dev/null
	[ "$(rows d)" -eq 500 ]
}

@test "a line that is cut in the middle is never acted upon" {
	prepare 1
	vmta-queue ready >"$T/line"
	head -c -1 "$T/line" >"$T/cut"
	run --separate-stderr vmta-throttle <"$T/cut"
	assert_eq '' "$output"
	vmta-throttle <"$T/line" >"$T/granted"
	head -c -1 "$T/granted" >"$T/cut"
	run --separate-stderr vmta-send <"$T/cut"
	assert_eq '' "$output"
	assert_eq '' "$(sink_rows sink)"
	[ "$(queued)" -eq 1 ]
	vmta-send -q <"$T/granted" >/dev/null
	judge 1 0 sink
}

@test "lines that are dropped, repeated and reordered do no harm" {
	prepare 300
	vmta-queue ready | awk 'NR % 3 { print; print }' | sort -R |
	    vmta-throttle -q | vmta-send -q | vmta-acct -q
	[ "$(queued)" -eq 100 ]
	drain 10
	judge 300 0 sink
	[ "$(rows d)" -eq 300 ]
}

@test "what was injected is delivered, bounced or queued" {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	sink_start sink --reply 'RCPT /^r[0-9]*1@/ 550 5.1.1 no such user' \
	    --reply 'RCPT /^r[0-9]*2@/ 450 4.2.2 mailbox full'
	pipe_conf <<<'retry-recipients-after 1h'
	inject 1000 5
	vmta-queue ready | vmta-throttle -q | vmta-send -q | vmta-acct -q
	[ "$(taken sink | sort -u | wc -l)" -eq 800 ]
	[ "$(rows d)" -eq 800 ]
	[ "$(rows b)" -eq 100 ]
	[ "$(rows t)" -eq 100 ]
	[ "$(queued)" -eq 100 ]
}
