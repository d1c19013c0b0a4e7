#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-sink -- COMMAND: the sink lives as long as the command.
bats_require_minimum_version 1.5.0
load ../../lib/common
load client

@test "command: its exit status is the sink's" {
	run --separate-stderr vmta-sink -q -l 0 -- sh -c 'echo out; exit 7'
	assert_run 7 out '*'
	run --separate-stderr vmta-sink -q -l 0 -- sh -c 'kill -KILL $$'
	assert_run 137 '' '*'
	run --separate-stderr vmta-sink -q -l 0 -- true
	assert_run 0 '' 'vmta-sink: connections 0 messages 0 recipients 0 bytes 0 refused 0 max-connections 0 max-per-connection 0'
}

@test "command: it has address and port of each listener, and no socket" {
	run --separate-stderr vmta-sink -l 127.0.0.1:0 -l '[::1]:0' -- sh -c '
	    echo "$VMTA_SINK_ADDRESS $VMTA_SINK_PORT"
	    echo "$VMTA_SINK_ADDRESS_2 $VMTA_SINK_PORT_2"
	    ls -l /proc/self/fd | grep -c socket:'
	assert_eq "${lines[0]#listening }" "${lines[2]}"
	assert_eq "${lines[1]#listening }" "${lines[3]}"
	assert_eq 0 "${lines[4]}"
}

@test "command: what it sent is on the lines when the sink ends" {
	export -f send smtp
	run --separate-stderr vmta-sink -l 0 -- bash -c '
	    send "$VMTA_SINK_PORT" a@b c@d >/dev/null'
	assert_run 0 '*' '*'
	assert_eq 'a@b c@d' "$(tail -1 <<<"$output" | cut -f 6,7 | tr '\t' ' ')"
	assert_contains "$stderr" 'messages 1 '
}

@test "command: its signals and mask are those of a fresh process" {
	run --separate-stderr vmta-sink -q -l 0 -- sh -c '
	    grep -E "^Sig(Blk|Ign)" /proc/self/status | cut -f 2'
	assert_run 0 '*' '*'
	assert_eq '0000000000000000' "${lines[0]}"
	assert_eq 0 $((0x${lines[1]} & (1 << 12 | 1 << 14 | 1 << 16)))
}

@test "command: TERM is passed on to it" {
	start_bg s vmta-sink -l 0 -- sh -c '
	    trap "echo term >got; exit 3" TERM; echo ready >up
	    while :; do sleep 0.02; done'
	wait_for 10 test -s up
	local rc=0
	stop_bg s || rc=$?
	assert_eq 3 "$rc" status
	assert_eq term "$(cat got)"
}

@test "command: one that can't be run is 127 or 126" {
	run -127 --separate-stderr vmta-sink -q -l 0 -- ./nothing
	assert_run 127 '' 'vmta-sink: cannot run ./nothing: No such file or directory'
	echo text >file
	run --separate-stderr vmta-sink -q -l 0 -- ./file
	assert_run 126 '' 'vmta-sink: cannot run ./file: Permission denied'
}
