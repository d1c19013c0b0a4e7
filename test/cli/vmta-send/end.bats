#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-send at its end, at its start, and where several work on one spool.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

setup() {
	common_setup
	need vmta-sink vmta-queue vmta-throttle vmta-send
}

to_sink() {
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  $1
	</domain>
	EOF
}

# Wait until a message has been written.
wait_for_text() {
	wait_for 10 grep -q 'bytes of a message' send.err
}

@test "end: TERM settles what is under way and hands the rest back" {
	sink_start sink --delay DOT=700
	to_sink 'max-smtp-out 1'
	queued {1..9}@example.com
	vmta-queue ready | vmta-throttle >lines
	mkfifo in
	start_bg send bash -c 'exec vmta-send -d <in'
	exec 9>in
	cat lines >&9
	wait_for_text
	stop_bg send
	exec 9>&-
	n=$(wc -l <send.out)
	# one or two were under way
	[ "$n" -ge 1 ] && [ "$n" -le 2 ]
	assert_eq "vmta-send: sent $n, delivered $n, deferred 0, bounced 0, handed back $((9 - n))" \
	    "$(tail -n 1 send.err)"
	assert_eq $((9 - n)) "$(vmta-queue list -H | column state | grep -c queued)"
	sink_stop sink
	assert_match "$(cat sink.err)" "messages $n "
}

@test "end: the second signal ends at once, and leaves a doubt" {
	sink_start sink --first 1 --hang DOT
	to_sink 'max-smtp-out 1'
	queued 1@example.com
	vmta-queue ready | vmta-throttle >lines
	start_bg send bash -c 'exec vmta-send -d <lines'
	pid=$BG_PID
	wait_for_text
	# the reply is waited for
	kill -TERM "$pid"
	sleep 0.3
	running_bg send
	kill -TERM "$pid"
	rc=0
	wait_bg send || rc=$?
	assert_eq 75 "$rc"
	assert_contains "$(cat send.err)" 'stopped at once: messages under way are in doubt'
	# whoever sends it next says that it may be the second time
	pipeline -q >events
	assert_eq "d doubt" "$(paste -d ' ' <(event type) <(event note))"
}

@test "end: after the end of input nothing waits for the idle time-out" {
	sink_start sink
	to_sink 'connection-idle-timeout 10m'
	queued {1..5}@example.com
	run --separate-stderr timeout 20 bash -c 'vmta-queue ready | vmta-throttle | vmta-send -q'
	assert_run 0 '*'
	assert_eq 5 "${#lines[@]}"
}

@test "end: two pipelines on one spool send nothing twice" {
	sink_start sink
	to_sink ''
	for i in {1..150}; do
		printf 'MAIL FROM:<a@sender.test>\nRCPT TO:<u%s@example.com>\nDATA\nSubject: x\n\ny\n.\n' "$i"
	done | (echo HELO x; cat; echo QUIT) | vmta-queue add --bsmtp -q
	start_bg one bash -c 'vmta-queue ready | vmta-throttle | vmta-send -q'
	start_bg two bash -c 'vmta-queue ready | vmta-throttle | vmta-send -q'
	wait_bg one
	wait_bg two
	assert_eq 150 "$(cat one.out two.out | cut -f11 | sort -u | wc -l)"
	sink_stop sink
	assert_eq 150 "$(sink_rows sink | cut -f7 | wc -l)"
	assert_eq "" "$(vmta-queue list)"
}

@test "end: wrong arguments, no spool, a wrong configuration" {
	sink_start sink
	to_sink ''
	run --separate-stderr vmta-send
	assert_run 66 '' '*'
	assert_match "$stderr" '^vmta-send: .*spool'
	queued a@example.com
	run --separate-stderr vmta-send operand </dev/null
	assert_run 64 '' '*'
	assert_contains "$stderr" 'operand: no operands are taken'
	run --separate-stderr vmta-send --nonsense </dev/null
	assert_run 64 '' '*'
	run --separate-stderr vmta-send -h
	assert_run 0 '*'
	assert_match "$output" '^usage: vmta-send '
	mkdir other
	touch other/file
	run --separate-stderr vmta-send --spool other </dev/null
	assert_run 78 '' '*'
	assert_lacks "$(ls other)" VERSION
}
