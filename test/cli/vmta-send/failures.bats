#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-send where things go wrong: what is recorded, what is tried again and when.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

setup() {
	common_setup
	need vmta-sink vmta-queue vmta-throttle vmta-send
}

# to_hosts HOSTS [SETTING...]: smtp-hosts, and settings of all domains.
to_hosts() {
	{
		printf '<domain *>\n  smtp-hosts %s\n' "$1"
		shift
		printf '  %s\n' "$@"
		printf '</domain>\n'
	} | spool_conf
}

# The columns that a failure is about, of all events.
outcome() {
	paste -d ' ' <(event rcpt) <(event type) <(event action) \
	    <(event status) <(event code) <(event note)
}

@test "failures: a refusal at each stage is the recipient's own" {
	args=()
	for stage in MAIL RCPT DATA DOT; do
		for code in 450 550; do
			who=$(tr '[:upper:]' '[:lower:]' <<<"$stage")$code
			args+=(--reply "$stage /$who@/ $code ${code:0:1}.2.1 no")
		done
	done
	sink_start sink "${args[@]}"
	to_hosts "[127.0.0.1]:$SINK_PORT" 'retry-recipients-after 1h'
	for who in mail450 mail550; do
		message | vmta-queue add -f "$who@sender.test" "$who@example.com" >>added
	done
	queued {rcpt,data,dot}{450,550}@example.com good@example.com
	run --separate-stderr pipeline
	assert_run 0 '*' 'vmta-send: sent 9, delivered 1, deferred 4, bounced 4'
	echo "$output" >events
	assert_eq "data450@example.com t delayed 4.2.1 450 -
data550@example.com b failed 5.2.1 550 -
dot450@example.com t delayed 4.2.1 450 -
dot550@example.com b failed 5.2.1 550 -
good@example.com d relayed 2.0.0 250 -
mail450@example.com t delayed 4.2.1 450 -
mail550@example.com b failed 5.2.1 550 -
rcpt450@example.com t delayed 4.2.1 450 -
rcpt550@example.com b failed 5.2.1 550 -" "$(outcome | sort)"
	assert_eq "data450 dot450 mail450 rcpt450" \
	    "$(vmta-queue list -H | column rcpt | cut -d@ -f1 | sort | xargs)"
	# due in an hour
	next=$(event next | grep -v -- - | head -n 1)
	assert_eq 1 "$((next - $(date +%s) > 3500 && next - $(date +%s) <= 3600))"
	# the queue itself goes on: a queue-level failure it was not
	assert_eq "" "$(vmta-queue show queues -H | column last | grep -v '^-')"
}

@test "failures: a refused connection costs one attempt and rests the queue" {
	to_hosts "[127.0.0.1]:$(closed_port)" 'retry-after 10m, 1h'
	queued {1..5}@example.com
	run --separate-stderr pipeline
	assert_run 0 '*' 'vmta-send: sent 1, delivered 0, deferred 1, bounced 0, handed back 4'
	echo "$output" >events
	assert_eq "1 t delayed 4.4.1 000 queue" \
	    "$(outcome | cut -d' ' -f2- | sort | uniq -c | sed 's/^ *//')"
	assert_match "$(event diag)" '^x-vmta;Connection refused \(connecting to 127\.0\.0\.1 port [0-9]+\)$'
	assert_eq no-answer-from-host "$(event category)"
	assert_match "$(vmta-queue show queues -H | column last)" '^Connection refused'
	# nothing is due before the queue's time
	run --separate-stderr pipeline
	assert_run 0
	assert_eq 5 "$(vmta-queue list | wc -l)"
}

@test "failures: lines of a resting queue are handed back" {
	to_hosts "[127.0.0.1]:$(closed_port)"
	queued {1..5}@example.com
	vmta-queue ready >lines
	vmta-send -q <lines >events
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 0 '' 'vmta-send: sent 0, delivered 0, deferred 0, bounced 0, handed back 4, stale 1'
}

@test "failures: a delivery ends the queue's rest" {
	sink_start sink --first 1 --reply 'CONNECT 450 4.3.2 not now'
	to_hosts "[127.0.0.1]:$SINK_PORT" 'retry-after 1s'
	queued a@example.com
	pipeline -q >events
	assert_eq "4.3.2 450 queue" "$(outcome | cut -d' ' -f4-)"
	assert_eq 1 "$(vmta-queue show queues -H | column last | grep -c '^450')"
	sleep 1.1
	pipeline -q >events
	assert_eq d "$(event type)"
	assert_eq 2 "$(event attempts)"
	assert_eq "" "$(vmta-queue show queues)"
}

@test "failures: the next host is tried" {
	sink_start busy --reply 'CONNECT 421 4.3.2 busy'
	busy=$SINK_PORT
	sink_start gone --reply 'CONNECT 554 5.3.2 no'
	gone=$SINK_PORT
	sink_start mute --reply 'HELO 550 5.5.1 no'
	mute=$SINK_PORT
	sink_start good
	to_hosts "[127.0.0.1]:$(closed_port); [127.0.0.1]:$busy; [127.0.0.1]:$gone; [127.0.0.1]:$mute; [127.0.0.1]:$SINK_PORT"
	queued {1..3}@example.com
	run --separate-stderr pipeline
	assert_run 0 '*' 'vmta-send: sent 3, delivered 3, deferred 0, bounced 0'
	sink_wait good 3
}

@test "failures: hosts of one preference share the mail" {
	sink_start one
	first=$SINK_PORT
	sink_start two
	to_hosts "[127.0.0.1]:$first, [127.0.0.1]:$SINK_PORT" \
	    'max-msg-per-connection 1'
	queued {1..40}@example.com
	pipeline -q >events
	sink_wait one 1
	sink_wait two 1
}

@test "failures: a 5xx greeting bounces, but not for what we are" {
	sink_start gone --reply 'CONNECT 554 no SMTP service here'
	to_hosts "[127.0.0.1]:$SINK_PORT"
	queued {1..3}@example.com
	pipeline -q >events
	assert_eq "3 b failed 5.0.0 554 -" \
	    "$(outcome | cut -d' ' -f2- | uniq -c | sed 's/^ *//')"
	sink_stop gone
	sink_start listed --reply 'CONNECT 554 5.7.1 127.0.0.1 is on a list'
	to_hosts "[127.0.0.1]:$SINK_PORT"
	vmta-conf-check --activate >/dev/null
	queued {1..3}@example.org
	pipeline -q >events
	assert_eq "1 t delayed 5.7.1 554 queue" \
	    "$(outcome | cut -d' ' -f2- | uniq -c | sed 's/^ *//')"
	sink_stop listed
	sink_start off --reply 'CONNECT 554 no SMTP service here'
	to_hosts "[127.0.0.1]:$SINK_PORT" 'bounce-upon-5xx-greeting no'
	vmta-conf-check --activate >/dev/null
	queued {1..3}@example.net
	pipeline -q >events
	assert_eq "1 t delayed 5.0.0 554 queue" \
	    "$(outcome | cut -d' ' -f2- | uniq -c | sed 's/^ *//')"
}

@test "failures: 421 in a fresh conversation is the queue's" {
	sink_start sink --reply 'RCPT 421 4.7.0 too much mail'
	to_hosts "[127.0.0.1]:$SINK_PORT" 'max-smtp-out 1'
	queued {1..4}@example.com
	pipeline -q >events
	assert_eq "t delayed 4.7.0 421 queue" "$(outcome | cut -d' ' -f2-)"
	assert_match "$(vmta-queue show queues -H | column last)" '^421 4\.7\.0 too much'
}

@test "failures: a server that closes after some messages gets the rest by new connections" {
	sink_start sink --max-msg-per-conn 3 --no-pipelining
	to_hosts "[127.0.0.1]:$SINK_PORT" 'max-smtp-out 1' \
	    'retry-recipients-after 1s'
	queued {1..10}@example.com
	pipeline -q >events
	# 421 puts off the one at hand, nobody else
	assert_eq "" "$(vmta-queue show queues -H | column last | grep -v '^-')"
	assert_eq 10 "$(event rcpt | sort -u | wc -l)"
	sleep 1.1
	pipeline -q >>events
	assert_eq 10 "$(event type | grep -c d)"
}

@test "failures: a connection lost after the final dot leaves a doubt" {
	sink_start sink --close 'DOT /a@/'
	to_hosts "[127.0.0.1]:$SINK_PORT"
	queued a@example.com
	pipeline -q >events
	assert_eq "a@example.com t delayed 4.4.2 000 doubt,queue" "$(outcome)"
	assert_match "$(event diag)" '^x-vmta;lost connection \(waiting for the reply to the message\)'
}

@test "failures: a connection that dies gives back what had not begun" {
	sink_start sink --close 'RCPT /2@/'
	to_hosts "[127.0.0.1]:$SINK_PORT" 'max-smtp-out 1' \
	    'retry-recipients-after 1h'
	queued {1..6}@example.com
	run --separate-stderr pipeline
	assert_run 0 '*' 'vmta-send: sent 6, delivered 5, deferred 1, bounced 0'
	echo "$output" >events
	assert_eq "2@example.com" "$(vmta-queue list -H | column rcpt)"
	assert_eq 1 "$(vmta-queue list -H | column attempts)"
}

@test "failures: silence is a timeout" {
	for stage in CONNECT HELO MAIL DOT; do
		sink_start "$stage" --hang "$stage"
		to_hosts "[127.0.0.1]:$SINK_PORT" 'smtp-greeting-timeout 1s' \
		    'smtp-command-timeout 1s' 'smtp-mail-timeout 1s' \
		    'smtp-data-termination-timeout 1s'
		vmta-conf-check --activate >/dev/null
		queued "a@$stage.test"
		pipeline -q >events
		assert_match "$(event diag)" '^x-vmta;timed out \('
		assert_eq t "$(event type)"
	done
}

@test "failures: too old at the end of a failed attempt is a bounce" {
	sink_start sink --reply 'RCPT 450 4.2.2 full'
	to_hosts "[127.0.0.1]:$SINK_PORT" 'bounce-after 1s' \
	    'retry-recipients-after 1s'
	queued a@example.com
	vmta-queue ready >lines
	sleep 1.1
	vmta-throttle <lines | vmta-send -q >events
	assert_eq "a@example.com b failed 4.4.7 450 -" "$(outcome)"
	assert_eq "x-vmta;delivery time expired: 450 4.2.2 full" "$(event diag)"
	assert_eq message-expired "$(event category)"
}

@test "failures: a line that says expire is believed only if it is true" {
	sink_start sink
	to_hosts "[127.0.0.1]:$SINK_PORT" 'bounce-after 4s'
	queued --vmta '{default}' old@example.com
	sleep 4.1
	queued young@example.com
	vmta-queue ready | awk -F '\t' -v OFS='\t' '{ $4 = "expire"; print }' >lines
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 0 '*' 'vmta-send: sent 0, delivered 0, deferred 0, bounced 1, stale 1'
	echo "$output" >events
	assert_eq "old@example.com b failed 4.4.7 000 -" "$(outcome)"
	assert_eq "x-vmta;delivery time expired" "$(event diag)"
	assert_eq 0 "$(event attempts)"
	assert_eq young@example.com "$(vmta-queue list -H | column rcpt)"
	assert_eq "" "$(sink_rows sink)"
}

@test "failures: nothing expires while its queue is paused" {
	sink_start sink
	to_hosts "[127.0.0.1]:$SINK_PORT" 'bounce-after 1s'
	queued a@example.com
	vmta-queue ready >lines
	vmta-queue pause 'example.com/*'
	sleep 1.1
	sed 's/\t-\t/\texpire\t/' lines >expire
	vmta-send -q <expire >events
	vmta-send -q <lines >>events
	assert_eq "" "$(cat events)"
	assert_eq 1 "$(vmta-queue list | wc -l)"
}

@test "failures: a source that can't be used is never replaced" {
	sink_start sink
	spool_conf <<-EOF
	<virtual-mta two>
	  smtp-source-host 127.0.0.2 good.sender.test
	  smtp-source-host 192.0.2.77 bad.sender.test
	</virtual-mta>
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-msg-per-connection 1
	  retry-after 1h
	</domain>
	EOF
	queued --vmta two {1..6}@example.com
	run --separate-stderr pipeline
	assert_run 0 '*' '*'
	echo "$output" >events
	assert_contains "$stderr" \
	    'queue example.com/two: cannot use the source address 192.0.2.77: Cannot assign requested address'
	sink_wait sink "$(event type | grep -c d)"
	assert_eq 127.0.0.2 "$(sink_rows sink | cut -f3 | sort -u)"
	grep -v '	d	' events >bad
	mv bad events
	assert_eq "t delayed 4.3.5 000 queue" "$(outcome | cut -d' ' -f2- | sort -u)"
	assert_eq 192.0.2.77 "$(event source | sort -u)"
	assert_eq "x-vmta;cannot use the source address 192.0.2.77: Cannot assign requested address" "$(event diag | sort -u)"
	# the other source's mail doesn't wait for it
	queued --vmta two {1..6}@example.com
	pipeline -q >events 2>/dev/null
	assert_eq 1 "$(($(event type | grep -c d) > 0))"
}
