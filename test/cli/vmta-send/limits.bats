#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-send and its limits, as a receiver counts them (P9, P10).
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

setup() {
	common_setup
	need vmta-sink vmta-queue vmta-throttle vmta-send
}

# What the sink counted: summary NAME
summary() {
	awk -v want="$1" '{ for (i = 1; i < NF; i++)
		if ($i == want)
			print $(i + 1) }' sink.err
}

@test "limits: max-smtp-out holds for two processes together" {
	sink_start sink --delay DOT=30
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-smtp-out 3
	  max-msg-per-connection 5
	</domain>
	EOF
	queued {1..60}@example.com
	vmta-queue ready | vmta-throttle >lines
	start_bg one bash -c 'sed -n "1~2p" lines | vmta-send -q'
	start_bg two bash -c 'sed -n "2~2p" lines | vmta-send -q'
	wait_bg one
	wait_bg two
	assert_eq 60 "$(cat one.out two.out | wc -l)"
	sink_stop sink
	assert_eq 60 "$(summary messages)"
	assert_eq 3 "$(summary max-connections)"
}

@test "limits: an idle connection makes room for another process" {
	sink_start sink
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-smtp-out 1
	  connection-idle-timeout 10m
	</domain>
	EOF
	queued 1@example.com 2@example.com
	vmta-queue ready | vmta-throttle >lines
	mkfifo more
	start_bg one bash -c '(sed -n 1p lines; cat more) | vmta-send -q'
	exec 9>"$T/more"
	wait_for 10 test -s one.out
	# its connection is idle, and standard input is open
	sed -n 2p lines | vmta-send -q >events
	assert_eq d "$(event type)"
	exec 9>&-
	wait_bg one
	sink_stop sink
	assert_eq 1 "$(summary max-connections)"
}

@test "limits: max-smtp-out of a virtual MTA holds over its queues" {
	sink_start sink --delay DOT=20
	spool_conf <<-EOF
	<virtual-mta v>
	  max-smtp-out 2
	</virtual-mta>
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	</domain>
	EOF
	queued --vmta v {1..5}@{a,b,c,d}.test
	pipeline -q >events
	assert_eq 20 "$(event type | grep -c d)"
	sink_stop sink
	assert_eq 2 "$(summary max-connections)"
}

@test "limits: max-connect-rate is kept, and its lines are handed back" {
	sink_start sink
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-connect-rate 1/h
	  max-msg-per-connection 2
	</domain>
	EOF
	queued {1..5}@example.com
	run --separate-stderr pipeline
	assert_run 0 '*' 'vmta-send: sent 2, delivered 2, deferred 0, bounced 0, handed back 3'
	run --separate-stderr pipeline
	assert_run 0 '' 'vmta-send: sent 0, delivered 0, deferred 0, bounced 0, handed back 3'
	sink_stop sink
	assert_eq 1 "$(summary connections)"
	assert_eq 3 "$(vmta-queue list -H | column attempts | grep -c '^0')"
}

@test "limits: max-connect-rate lets more connect as time passes" {
	sink_start sink --events
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-connect-rate 2/s
	  max-msg-per-connection 1
	</domain>
	EOF
	queued {1..6}@example.com
	run --separate-stderr pipeline -q
	assert_run 0 '*'
	assert_eq 6 "${#lines[@]}"
	sink_stop sink
	# in no window of a second more than two, wherever it begins
	assert_eq "" "$(sink_rows sink | awk -F '\t' '$12 == "connect" { print $1 }' |
	    awk '{ t[NR] = $1 } NR > 2 && $1 - t[NR - 2] < 1')"
}

@test "limits: a message rate is the throttle's, and grants count as used" {
	sink_start sink
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-msg-rate 3/h
	</domain>
	EOF
	queued {1..5}@example.com
	vmta-queue ready | vmta-throttle -q >lines
	assert_eq 3 "$(wc -l <lines)"
	vmta-send -q <lines >events
	assert_eq 3 "$(event type | grep -c d)"
	assert_eq "" "$(vmta-queue ready | vmta-throttle -q)"
}

@test "limits: a grant that was not used is given back" {
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$(closed_port)
	  max-msg-rate 3/h
		</domain>
	EOF
	queued {1..5}@example.com
	vmta-queue ready | vmta-throttle -q >lines
	n=$(wc -l <lines)
	vmta-send -q <lines >events
	assert_eq t "$(event type)"
	used=$(vmta-throttle show -H | column used)
	assert_eq 0 "$used"
	[ "$n" -gt 0 ]
}

@test "limits: a grant seen twice is used once and given back never" {
	sink_start sink
	spool_conf <<-EOF
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-msg-rate 100/h
	</domain>
	EOF
	queued 1@example.com
	vmta-queue ready | vmta-throttle -q >line
	cat line line line >lines
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 0 '*' 'vmta-send: sent 1, delivered 1, deferred 0, bounced 0, stale 2'
	sink_stop sink
	assert_eq 1 "$(summary messages)"
	assert_eq 1 "$(vmta-throttle show -H | column used)"
}
