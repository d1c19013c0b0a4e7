#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-send and what comes in and goes out: a line is a hint (P7).
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

setup() {
	common_setup
	need vmta-sink vmta-queue vmta-throttle vmta-send
	sink_start sink
	spool_conf <<-EOF
	<virtual-mta v>
	  smtp-source-host 127.0.0.2 v.sender.test
	</virtual-mta>
	<virtual-mta limited>
	</virtual-mta>
	<domain *>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	</domain>
	<domain slow.test>
	  max-msg-rate 1000/m
	</domain>
	EOF
}

granted() {
	vmta-queue ready | vmta-throttle
}

@test "lines: one that is cut is never acted upon" {
	queued --vmta v 1@example.com 2@example.com
	granted >lines
	n=$(wc -c <lines)
	for cut in 1 2 40; do
		head -c $((n - cut)) lines | tail -n 1 >cut.line
		run --separate-stderr bash -c 'vmta-send <cut.line'
		assert_run 0 '' 'vmta-send: standard input ends within a line: that line was left out'
	done
	assert_eq 2 "$(vmta-queue list | wc -l)"
	assert_eq "" "$(sink_rows sink)"
}

@test "lines: what is no job line is named, the others are sent" {
	queued --vmta v 1@example.com 2@example.com
	granted >good
	{
		head -n 1 good
		echo 'hello world'
		echo
		head -c 9000 /dev/zero | tr '\0' x
		echo
		tail -n 1 good | sed 's/\tv;[^\t]*\t/\tv;x;y\t/'
		tail -n 1 good
	} >lines
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 65 '*' '*'
	assert_eq 2 "${#lines[@]}"
	assert_eq "vmta-send: standard input, line 2: not a job line (vmta-job(5))
vmta-send: standard input, line 3: not a job line (vmta-job(5))
vmta-send: standard input, line 4: too long
vmta-send: standard input, line 5: bad locator, version or grant
vmta-send: sent 2, delivered 2, deferred 0, bounced 0, not job lines 4" "$stderr"
}

@test "lines: the names of columns are passed over" {
	queued --vmta v 1@example.com
	vmta-queue ready -H | vmta-throttle -H >lines
	run --separate-stderr bash -c 'vmta-send -q <lines'
	assert_run 0 '*'
	assert_eq 1 "${#lines[@]}"
}

@test "lines: recipient, queue and virtual MTA of a line are not believed" {
	queued --vmta v 1@example.com
	granted | awk -F '\t' -v OFS='\t' '{ $9 = "evil.test/x"; $10 = "evil.test"
		$11 = "x"; $12 = "x@evil.test"; $13 = "y@evil.test"; print }' |
	    vmta-send -q >events
	sink_wait sink 1
	assert_eq "news@sender.test 1@example.com" \
	    "$(sink_rows sink | cut -f6,7 | tr '\t' ' ')"
	assert_eq "1@example.com" "$(event rcpt)"
}

@test "lines: a grant of an unknown virtual MTA, source or configuration is handed back" {
	queued --vmta v {1..4}@example.com
	granted >good
	i=0
	while read -r line; do
		case $((++i)) in
		1) sed 's/\tv;127/\tw;127/' ;;
		2) sed 's/\tv;127\.0\.0\.2/\tv;127.0.0.3/' ;;
		3) sed 's/\(\tv;127\.0\.0\.2;[0-9]*\);1;/\1;99;/' ;;
		4) sed 's/\tv;127\.0\.0\.2/\tv;-/' ;;
		esac <<<"$line"
	done <good >lines
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 0 '' '*'
	assert_eq 'vmta-send: sent 0, delivered 0, deferred 0, bounced 0, handed back 4' \
	    "$(tail -n 1 <<<"$stderr")"
	assert_contains "$stderr" 'unknown virtual MTA'
	assert_eq "" "$(sink_rows sink)"
	assert_eq 4 "$(vmta-queue list -H | column state | grep -c '^queued$')"
}

@test "lines: without a grant only where nothing limits" {
	queued --vmta v 1@example.com 2@slow.test
	vmta-queue ready >lines
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 65 '*' '*'
	assert_contains "$stderr" 'queue slow.test/v: limits apply and there is no grant: it must pass vmta-throttle'
	assert_contains "$stderr" 'without a grant 1'
	echo "$output" >events
	assert_eq 1@example.com "$(event rcpt)"
	assert_eq 127.0.0.2 "$(event source)"
	run --separate-stderr bash -c 'vmta-queue ready | vmta-send -q --no-limits'
	assert_run 0 '*'
	echo "$output" >events
	assert_eq 2@slow.test "$(event rcpt)"
}

@test "lines: a record that changed meanwhile is not sent" {
	queued --vmta v 1@example.com
	granted >line
	vmta-send -q <line >events
	run --separate-stderr bash -c 'vmta-send <line'
	assert_run 0 '' 'vmta-send: sent 0, delivered 0, deferred 0, bounced 0, stale 1'
	sink_stop sink
	assert_match "$(cat sink.err)" 'messages 1 '
}

@test "lines: a paused queue's lines are handed back" {
	queued --vmta v 1@example.com 2@example.org
	granted >lines
	vmta-queue pause 'example.com/v'
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 0 '*' 'vmta-send: sent 1, delivered 1, deferred 0, bounced 0, handed back 1'
	assert_eq 1@example.com "$(vmta-queue list -H | column rcpt)"
}

@test "lines: a closed standard output loses nothing but the lines" {
	queued --vmta v {1..50}@example.com
	granted >lines
	# shellcheck disable=SC2016 # for the inner shell
	run --separate-stderr bash -c 'vmta-send <lines | true; exit "${PIPESTATUS[0]}"'
	assert_run 0 '' '*'
	assert_contains "$stderr" 'sent 50, delivered 50'
	sink_wait sink 50
	queued --vmta v {1..5}@example.org
	run --separate-stderr bash -c 'vmta-queue ready | vmta-throttle | vmta-send >&-'
	assert_run 0 '' '*'
	assert_contains "$stderr" 'vmta-send: sent 5, delivered 5, deferred 0, bounced 0'
	assert_contains "$stderr" '5 event lines were not read: the journals have them'
	assert_eq "" "$(vmta-queue list)"
}

@test "lines: a reader that doesn't read makes nobody wait" {
	queued --vmta v {1..300}@example.com
	granted >lines
	mkfifo out
	exec 9<>out
	run --separate-stderr bash -c 'vmta-send <lines >out'
	assert_run 0 '' '*'
	assert_contains "$stderr" 'sent 300, delivered 300'
	assert_match "$stderr" '^vmta-send: [0-9]+ event lines were not read'
	exec 9>&-
}

@test "lines: event lines are whole where two write into one pipe" {
	queued --vmta v {1..400}@example.com
	granted >lines
	bash -c '(sed -n "1~2p" lines | vmta-send -q & sed -n "2~2p" lines |
	    vmta-send -q; wait)' | cat >events
	assert_eq 400 "$(awk -F '\t' 'NF == 34' events | wc -l)"
	assert_eq 400 "$(event id | sort -u | wc -l)"
}

@test "lines: a queue that is stuck keeps none of the others from the pipe" {
	sink_start stuck --hang CONNECT
	cat >>"$CONF" <<-EOF
	<domain stuck.test>
	  smtp-hosts [127.0.0.1]:$SINK_PORT
	  smtp-greeting-timeout 6s
	</domain>
	EOF
	{
		echo 'HELO x'
		echo 'MAIL FROM:<a@sender.test>'
		for i in {1..10300}; do
			echo "RCPT TO:<u$i@stuck.test>"
		done
		printf 'DATA\nSubject: x\n\ny\n.\nQUIT\n'
	} | vmta-queue add --bsmtp -q
	queued {1..5}@example.com
	vmta-queue ready | sort -t '	' -k 9,9r >lines
	assert_match "$(head -n 1 lines | cut -f 9)" '^stuck.test/'
	run --separate-stderr bash -c 'vmta-send <lines'
	assert_run 0 '*' '*'
	assert_contains "$stderr" 'sent 6, delivered 5, deferred 1, bounced 0, handed back 10299'
	assert_eq "1@example.com 2@example.com 3@example.com 4@example.com 5@example.com u" \
	    "$(cut -f 11 <<<"$output" | sed 's/^u.*/u/' | sort | xargs)"
	# the others did not wait for the stuck one
	assert_eq t "$(tail -n 1 <<<"$output" | cut -f 2)"
}
