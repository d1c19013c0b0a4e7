#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-throttle as a filter: what passes, what waits, what is refused.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load throttle

# Has the first budget been used at least so often?
spent() {
	[ "$(vmta-throttle show | head -n 1 | cut -f3)" -ge "$1" ]
}

@test "filter: no input is no output" {
	run --separate-stderr vmta-throttle </dev/null
	assert_run 0
	run --separate-stderr vmta-throttle --for 5s </dev/null
	assert_run 0
	run --separate-stderr vmta-throttle -H </dev/null
	assert_run 0 "$(vmta-queue ready -H)"
}

@test "filter: fills in the grant and leaves the rest of the line alone" {
	queued free a@example.com b@example.com
	vmta-queue ready >lines
	run --separate-stderr vmta-throttle <lines
	assert_run 0 '*'
	assert_eq "$(cut -f1-3,5- <lines)" "$(cut -f1-3,5- <<<"$output")"
	# vmta;source;expiry;serial of the configuration;serial;no ledger lines
	assert_eq 2 "$(cut -f4 <<<"$output" |
	    grep -Ec '^free;127\.0\.0\.2;[0-9]+;1;[0-9]+;$')"
}

@test "filter: a limit holds in a run and over runs" {
	queued slow {1..5}@example.com
	run --separate-stderr bash -c 'vmta-queue ready | vmta-throttle'
	assert_run 0 '*' '*'
	assert_eq 3 "${#lines[@]}"
	assert_eq "vmta-throttle: 2 of 5 lines found no room in their budgets; the next run lists them again" "$stderr"
	run --separate-stderr bash -c 'vmta-queue ready | vmta-throttle -q'
	assert_run 0
}

@test "filter: two processes share one limit" {
	queued whole {1..9}@example.com
	vmta-queue ready >lines
	start_bg one bash -c 'vmta-throttle -q <lines'
	start_bg two bash -c 'vmta-throttle -q <lines'
	wait_bg one
	wait_bg two
	assert_eq 4 "$(cat one.out two.out | wc -l)"
}

@test "filter: --for keeps granting as the window moves" {
	queued slow {1..8}@example.com
	stop_clock
	vmta-queue ready >lines
	start_bg run bash -c 'vmta-throttle --for 60s <lines'
	wait_for 10 at_least 1 run.out
	# one an interval: 3/10s is one each 3.3 s
	step_clock 4
	wait_for 10 at_least 2 run.out
	assert_eq 2 "$(wc -l <run.out)"
	step_clock 4
	wait_for 10 at_least 3 run.out
	# nothing was ever sent: the first one stands until 5 s after its grant,
	# and is counted for 10 s from there
	step_clock 6
	step_clock 7
	wait_for 10 at_least 4 run.out
	running_bg run
	step_clock 60
	wait_bg run
	assert_contains "$(cat run.err)" 'found no room'
}

@test "filter: --for ends when its time is up, whoever still writes" {
	queued slow a@example.com
	stop_clock
	vmta-queue ready >lines
	mkfifo fifo
	start_bg writer bash -c 'exec >fifo; cat lines; exec sleep 60'
	start_bg run bash -c 'vmta-throttle --for 30s <fifo'
	wait_for 10 at_least 1 run.out
	step_clock 31
	wait_bg run
	running_bg writer
}

@test "filter: --for ends when nothing is left to do" {
	queued free a@example.com
	run --separate-stderr timeout 20 bash -c \
	    'vmta-queue ready | vmta-throttle --for 1h'
	assert_run 0 '*'
	assert_eq 1 "${#lines[@]}"
}

@test "filter: what was paused while it waited is dropped" {
	queued slow {1..2}@example.com {1..2}@example.org
	stop_clock
	vmta-queue ready >lines
	start_bg run bash -c 'vmta-throttle --for 60s <lines'
	wait_for 10 at_least 2 run.out
	vmta-queue pause -q 'example.com/*'
	step_clock 5
	wait_for 10 at_least 3 run.out
	assert_contains "$(tail -n 1 run.out)" @example.org
	wait_bg run
	assert_contains "$(cat run.err)" '1 lines dropped'
}

@test "filter: what was sent while it waited is dropped" {
	queued slow {1..2}@example.com
	stop_clock
	vmta-queue ready >lines
	start_bg run bash -c 'vmta-throttle --for 60s <lines'
	wait_for 10 at_least 1 run.out
	rm "$SPOOL"/queue/*
	step_clock 5
	wait_bg run
	assert_eq 1 "$(wc -l <run.out)"
}

@test "filter: a reader that has enough is an ordinary end" {
	queued whole {1..3}@example.com
	run --separate-stderr bash -c \
	    'set -o pipefail; vmta-queue ready | vmta-throttle -q --for 1h | head -1'
	assert_run 0 '*'
	assert_eq 1 "${#lines[@]}"
}

@test "filter: grants that nobody could read are given back" {
	local full used
	sed -i 's,4/h,50000/h,' "$CONF"
	queued whole a@example.com
	vmta-queue ready >line
	for _ in {1..3000}; do cat line; done >lines
	mkfifo fifo
	start_bg reader bash -c 'exec <fifo; exec sleep 60'
	start_bg run bash -c 'vmta-throttle <lines >fifo'
	# the first batch is granted, and the pipe takes no more of it
	wait_for 10 spent 1
	full=$(vmta-throttle show | cut -f3)
	stop_bg reader || true
	wait_bg run
	used=$(vmta-throttle show | cut -f3)
	[ "$used" -gt 0 ]
	[ "$used" -lt "$full" ]
	# what is used went into the pipe
	[ "$((used * $(wc -c <line)))" -le 70000 ]
}

@test "filter: a line that is cut off is never acted upon" {
	queued free a@example.com b@example.com
	vmta-queue ready >lines
	run --separate-stderr bash -c 'head -c -1 lines | vmta-throttle'
	assert_run 65 '*' '*'
	assert_eq 1 "${#lines[@]}"
	assert_contains "$stderr" 'line 2: the last line is cut off'
}

@test "filter: bad lines are named, the others go on" {
	queued free a@example.com b@example.com
	vmta-queue ready >lines
	{
		sed -n 1p lines
		echo rubbish
		sed -n 2p lines | cut -f2-
		printf 'x%05000d\n' 0
		sed -n 2p lines | sed 's/\t50\t/\t500\t/'
		sed -n 2p lines
	} >bad
	run --separate-stderr vmta-throttle <bad
	assert_run 65 '*' '*'
	assert_eq 2 "${#lines[@]}"
	assert_contains "$stderr" 'line 2: too few columns: rubbish'
	assert_contains "$stderr" 'line 3: too few columns'
	assert_contains "$stderr" 'line 4: too long'
	assert_contains "$stderr" 'line 5: the priority is not 0 to 100'
	assert_contains "$stderr" '4 of 6 lines were bad'
}

@test "filter: a virtual MTA that nobody configured is refused" {
	queued free a@example.com b@example.com
	run --separate-stderr bash -c "vmta-queue ready |
	    sed '1s/\tfree\t/\tgone\t/' | vmta-throttle"
	assert_run 65 '*' '*'
	assert_eq 1 "${#lines[@]}"
	assert_contains "$stderr" 'line 1: unknown virtual MTA: gone'
}

@test "filter: an edited virtual MTA is honoured" {
	queued slow {1..5}@example.com
	run --separate-stderr bash -c "vmta-queue ready |
	    sed 's/\tslow\t/\tfree\t/' | vmta-throttle"
	assert_run 0 '*'
	assert_eq 5 "$(granted <<<"$output" | grep -cx free)"
}

@test "filter: an edited priority is honoured" {
	queued slow {1..5}@example.com
	run --separate-stderr bash -c "vmta-queue ready |
	    awk -F'\t' -v OFS='\t' '/5@example/ { \$5 = 90 } 1' |
	    vmta-throttle -q"
	assert_run 0 '*'
	assert_contains "${lines[0]}" 5@example.com
	assert_eq 3 "${#lines[@]}"
}

@test "filter: expire passes untouched" {
	queued slow {1..5}@example.com
	vmta-queue ready | awk -F'\t' -v OFS='\t' '{ $4 = "expire" } 1' >lines
	run --separate-stderr vmta-throttle <lines
	assert_run 0 "$(cat lines)"
}

@test "filter: -n shows what would go and spends nothing" {
	queued whole {1..5}@example.com
	vmta-queue ready >lines
	run --separate-stderr vmta-throttle -nq <lines
	assert_run 0 '*'
	assert_eq 4 "${#lines[@]}"
	assert_eq 4 "$(vmta-throttle -q <lines | wc -l)"
}

@test "filter: TERM ends it, what was read is given back to the next run" {
	queued slow {1..5}@example.com
	stop_clock
	vmta-queue ready >lines
	mkfifo fifo
	start_bg writer bash -c 'exec >fifo; cat lines; exec sleep 60'
	start_bg run bash -c 'exec vmta-throttle --for 1h <fifo'
	wait_for 10 at_least 1 run.out
	stop_bg run
	assert_contains "$(cat run.err)" '4 of 5 lines found no room'
}

@test "filter: a damaged ledger is refused with a clear line" {
	queued slow a@example.com
	vmta-queue ready >lines
	vmta-throttle <lines >/dev/null
	printf garbage | dd of="$SPOOL/throttle/ledger" conv=notrunc status=none
	run --separate-stderr vmta-throttle <lines
	assert_run 65 '' '*'
	assert_contains "$stderr" "$SPOOL/throttle/ledger: damaged: line 1"
}

@test "filter: wrong arguments are refused" {
	run --separate-stderr vmta-throttle --for tomorrow </dev/null
	assert_run 64 '' '*'
	assert_contains "$stderr" '--for tomorrow'
	run --separate-stderr vmta-throttle nonsense </dev/null
	assert_run 64 '' '*'
	assert_contains "$stderr" 'nonsense: no such command'
	run --separate-stderr vmta-throttle --for 3s show </dev/null
	assert_run 64 '' '*'
}

@test "filter: no configuration, or a folder that is not ours" {
	VMTA_CONF=$T/none run --separate-stderr vmta-throttle --spool "$T/x" \
	    </dev/null
	assert_run 66 '' '*'
	mkdir other
	touch other/file
	run --separate-stderr vmta-throttle --spool other </dev/null
	assert_run 78 '' '*'
}
