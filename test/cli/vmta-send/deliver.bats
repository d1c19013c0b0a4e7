#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-send where all goes well: what is on the wire, what is printed.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

setup() {
	common_setup
	need vmta-sink vmta-queue vmta-throttle vmta-send
}

# A configuration that sends all to the sink; standard input is added.
to_sink() {
	spool_conf <<-EOF
	$(cat)
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  $1
	</domain>
	EOF
}

@test "deliver: no input is no output" {
	sink_start sink
	to_sink </dev/null
	queued a@example.com
	run --separate-stderr vmta-send </dev/null
	assert_run 0
}

@test "deliver: a message arrives as it was queued, and is done" {
	sink_start sink --sha256
	to_sink </dev/null
	printf 'From: a@sender.test\nSubject: dots\n\n.\n..\n.end\n' >m
	vmta-queue add -f a@sender.test b@example.com <m
	run --separate-stderr pipeline
	assert_run 0 '*' 'vmta-send: sent 1, delivered 1, deferred 0, bounced 0'
	echo "$output" >events
	assert_eq 1 "${#lines[@]}"
	sink_wait sink 1
	want=$(sed 's/$/\r/' m | sha256sum | cut -d' ' -f1)
	assert_eq "sender.test a@sender.test b@example.com 250 $want" \
	    "$(sink_rows sink | cut -f5,6,7,9,10 | tr '\t' ' ')"
	assert_eq "" "$(vmta-queue list)"
}

@test "deliver: the event line tells what happened" {
	sink_start sink
	to_sink </dev/null
	queued --job j7 reader@example.com
	pipeline -q >events
	assert_eq 34 "$(tr '\t' '\n' <events | wc -l)" columns
	for want in type=d 'queue=example.com/{default}' domain=example.com \
	    'vmta={default}' pool=- group=- sender=news@sender.test \
	    rcpt=reader@example.com job=j7 attempts=1 action=relayed \
	    status=2.0.0 code=250 dest=127.0.0.1 \
	    esmtp=8BITMIME,ENHANCEDSTATUSCODES,PIPELINING,SIZE \
	    origin=cli next=- note=- category=-; do
		assert_eq "${want#*=}" "$(event "${want%%=*}")" "${want%%=*}"
	done
	assert_match "$(event diag)" '^smtp;250 2\.0\.0 '
	assert_match "$(event time)" '^[0-9]{10}\.[0-9]{3}$'
	assert_match "$(event latency)" '^[0-9]+$'
	assert_eq "$(cut -f1 added)" "$(event id)"
}

@test "deliver: many messages share a connection, with PIPELINING and without" {
	for off in --sha256 --no-pipelining --helo-only; do
		sink_start "sink$off" "$off"
		to_sink 'max-smtp-out 1' </dev/null
		vmta-conf-check --activate >/dev/null
		queued {1..7}@example.com
		pipeline -q >events
		assert_eq 7 "$(wc -l <events)" "$off"
		sink_wait "sink$off" 7
		assert_eq 1 "$(sink_rows "sink$off" | cut -f2 | sort -u | wc -l)" "$off"
		sink_stop "sink$off"
	done
}

@test "deliver: max-msg-per-connection is kept" {
	sink_start sink
	to_sink $'max-msg-per-connection 3\n max-smtp-out 2' </dev/null
	queued {1..20}@example.com
	pipeline -q >events
	sink_wait sink 20
	sink_stop sink
	assert_match "$(cat sink.err)" 'messages 20 .*max-per-connection 3( |$)'
}

@test "deliver: each source address says its own name" {
	sink_start sink
	to_sink 'max-msg-per-connection 1' <<-'EOF'
	<virtual-mta two>
	  smtp-source-host 127.0.0.2 two.sender.test
	  smtp-source-host 127.0.0.3 three.sender.test
	</virtual-mta>
	EOF
	queued --vmta two {1..6}@example.com
	pipeline -q >events
	sink_wait sink 6
	assert_eq "127.0.0.2 two.sender.test
127.0.0.3 three.sender.test" "$(sink_rows sink | cut -f3,5 | tr '\t' ' ' | sort -u)"
	assert_eq "127.0.0.2
127.0.0.3" "$(event source | sort -u)"
}

@test "deliver: one connection for all domains of a queue with smtp-hosts" {
	sink_start sink
	spool_conf <<-EOF
	domain-macro big one.test, two.test, three.test
	<domain \$big>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  max-smtp-out 1
	</domain>
	EOF
	queued a@one.test b@two.test c@three.test
	pipeline -q >events
	sink_wait sink 3
	assert_eq 1 "$(sink_rows sink | cut -f2 | sort -u | wc -l)"
	# shellcheck disable=SC2016 # a queue's name
	assert_eq '$big/{default}' "$(event queue | sort -u)"
	assert_eq "one.test three.test two.test" "$(event domain | sort | xargs)"
}

@test "deliver: an eight bit message says so" {
	sink_start sink
	to_sink </dev/null
	printf 'Subject: x\n\ncaf\303\251\n' |
	    vmta-queue add -f a@sender.test b@example.com
	run --separate-stderr pipeline -d
	assert_run 0 '*' '*'
	assert_match "$stderr" '> MAIL FROM:<a@sender.test> SIZE=[0-9]+ BODY=8BITMIME$'
}

@test "deliver: -d shows commands and replies, of messages the size" {
	sink_start sink
	to_sink </dev/null
	queued a@example.com
	run --separate-stderr pipeline -d
	assert_run 0 '*' '*'
	for want in '< 220 ' '> EHLO sender.test' '< 250-PIPELINING' \
	    '> RCPT TO:<a@example.com>' '< 354 ' 'bytes of a message' '> QUIT' \
	    '< 221 '; do
		assert_contains "$stderr" "$want"
	done
	assert_lacks "$stderr" 'Subject:'
}

@test "deliver: -n says what would be done and does nothing" {
	sink_start sink
	to_sink </dev/null
	queued a@example.com
	vmta-queue ready >lines
	cp -r spool before
	run --separate-stderr bash -c 'vmta-send -n -H <lines'
	assert_run 0 '*'
	assert_eq "id plan queue vmta source helo route rcpt why" \
	    "$(head -n 1 <<<"$output" | tr '\t' ' ')"
	assert_eq "send example.com/{default} {default} - sender.test 127.0.0.1:$SINK_PORT a@example.com -" \
	    "$(tail -n 1 <<<"$output" | cut -f2- | tr '\t' ' ')"
	assert_eq "" "$(sink_rows sink)"
	diff -r before spool
}

@test "deliver: -H prints the names of the columns first" {
	sink_start sink
	to_sink </dev/null
	queued a@example.com
	run --separate-stderr pipeline -H -q
	assert_run 0 '*'
	assert_eq 2 "${#lines[@]}"
	assert_match "${lines[0]}" '^time	type	id	queue	.*	next	note$'
}

@test "deliver: an older attempt's source is kept on retry" {
	sink_start sink --first 4 --reply 'RCPT 450 4.2.0 later'
	to_sink $'retry-recipients-after 1s\n max-msg-per-connection 1' <<-'EOF'
	<virtual-mta two>
	  smtp-source-host 127.0.0.2 two.sender.test
	  smtp-source-host 127.0.0.3 three.sender.test
	</virtual-mta>
	EOF
	queued --vmta two {1..4}@example.com
	pipeline -q >events
	assert_eq 4 "$(event type | grep -c t)"
	paste <(event rcpt) <(event source) | sort >first
	sleep 1.1
	pipeline -q >events
	assert_eq 4 "$(event type | grep -c d)"
	assert_eq "$(cat first)" "$(paste <(event rcpt) <(event source) | sort)"
}
