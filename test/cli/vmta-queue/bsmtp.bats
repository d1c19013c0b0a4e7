#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue add --bsmtp: a stream of messages.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

# one RCPT [LINE...]: a transaction in LF.
one() {
	printf 'MAIL FROM:<s@sender.test>\nRCPT TO:<%s>\nDATA\n' "$1"
	shift
	[ $# -gt 0 ] || set -- 'Subject: x' '' 'body'
	printf '%s\n' "$@" .
}

@test "bsmtp: the messages of a stream are one batch" {
	{ echo HELO me; one a@example.com; one b@example.org; echo QUIT; } >in
	run --separate-stderr vmta-queue add --bsmtp <in
	assert_run 0 '' 'vmta-queue: 2 messages, 2 recipients queued'
	assert_eq $'a@example.com\nb@example.org' "$(list_column rcpt)"
	assert_eq 1 "$(echo "$SPOOL"/queue/*.seg | wc -w)"
	run --separate-stderr vmta-queue add -q --bsmtp <in
	assert_run 0
	assert_eq 4 "$(records)"
}

@test "bsmtp: CRLF and LF give the same messages, dots are taken off" {
	one a@example.com 'Subject: x' '' '..' '..x' 'y' >lf
	sed 's/$/\r/' lf >crlf
	vmta-queue add -q --bsmtp <lf
	vmta-queue add -q --bsmtp <crlf
	want=$(printf '%s\r\n' 'Subject: x' '' . .x y | md5sum)
	for id in $(list_column id); do
		assert_eq "$want" "$(vmta-queue cat "$id" | md5sum)"
	done
	assert_eq 2 "$(records)"
}

@test "bsmtp: parameters and header fields stand in the envelope" {
	cat >in <<-'EOF'
	EHLO me
	mail from:<> RET=HDRS ENVID=p+3D SIZE=20 BODY=8BITMIME
	rcpt to:<a@example.com> NOTIFY=never
	rcpt to:<b@example.com> ORCPT=rfc822;x@y NOTIFY=DELAY,FAILURE
	data
	X-Virtual-MTA: fast
	X-Job: nov
	Subject: x

	y
	.
	EOF
	run --separate-stderr vmta-queue add --bsmtp --priority 7 <in
	assert_run 0 '' 'vmta-queue: 1 message, 2 recipients queued'
	mapfile -t ids < <(list_column id)
	run --separate-stderr vmta-queue cat --envelope "${ids[1]}"
	for row in 'sender <>' 'rcpt b@example.com' 'vmta fast' 'job nov' \
	    'envid p=' 'ret HDRS' 'notify FAILURE,DELAY' 'orcpt rfc822;x@y' \
	    'origin bsmtp' 'priority 7'; do
		assert_match "$output" "^${row/ /	}\$"
	done
	assert_eq "$(printf 'Subject: x\r\n\r\ny\r\n')" \
	    "$(vmta-queue cat "${ids[0]}")"
}

@test "bsmtp: a bad message is named by line and number, the others go on" {
	{
		one a@example.com
		one noat
		echo 'MAIL FROM:<bad>'
		printf 'RCPT TO:<x@example.com>\nDATA\nMAIL FROM:<evil@x>\n.\n'
		one b@example.com 'X-Virtual-MTA: nix' '' y
		one c@example.com
		echo QUIT
	} >in
	run --separate-stderr vmta-queue add --bsmtp <in
	assert_run 65 '' '*'
	assert_eq "vmta-queue: line 9: message 2: recipient <noat>: the address\
 has no @domain
vmta-queue: line 10: message 2: no valid recipient
vmta-queue: line 15: message 3: the address has no @domain
vmta-queue: line 20: message 4: X-Virtual-MTA names no virtual MTA or pool
vmta-queue: 2 messages, 2 recipients queued
vmta-queue: 3 messages, 1 recipient refused" "$stderr"
	assert_eq $'a@example.com\nc@example.com' "$(list_column rcpt)"
}

@test "bsmtp: one bad recipient of several, the message goes to the others" {
	printf '%s\n' 'MAIL FROM:<s@x>' 'RCPT TO:<a@example.com>' \
	    $'RCPT TO:<b\t@example.com>' 'RCPT TO:<c@example.com>' DATA y . >in
	run --separate-stderr vmta-queue add --bsmtp <in
	assert_run 65 '' '*'
	assert_match "$stderr" '^vmta-queue: line 3: message 1: recipient'
	assert_eq $'a@example.com\nc@example.com' "$(list_column rcpt)"
}

@test "bsmtp --all-or-nothing: one bad message and nothing is queued" {
	{ one a@example.com; one bad; one c@example.com; } >in
	run --separate-stderr vmta-queue add --bsmtp --all-or-nothing <in
	assert_run 65 '' '*'
	assert_match "$stderr" '^vmta-queue: 0 messages, 0 recipients queued$'
	assert_eq 0 "$(records)"
	assert_eq 0 "$(find "$SPOOL/queue" "$SPOOL/tmp" -type f | wc -l)"
	run --separate-stderr vmta-queue add --bsmtp --all-or-nothing \
	    < <(one a@example.com)
	assert_run 0 '' '*'
	assert_eq 1 "$(records)"
}

@test "bsmtp: a stream that is cut adds nothing, wherever it is cut" {
	{ one a@example.com; one b@example.com; } >in
	size=$(wc -c <in)
	first=$(one a@example.com | wc -c)
	for n in $((first + 1)) $((first + 30)) $((size - 30)) $((size - 1)); do
		run --separate-stderr vmta-queue add --bsmtp \
		    < <(head -c "$n" in)
		assert_run 65 '' '*'
		assert_match "$stderr" "the stream ends in the middle of message\
 2.*: nothing of the stream was queued"
	done
	assert_eq 0 "$(records)"
	assert_eq 0 "$(find "$SPOOL/queue" "$SPOOL/tmp" -type f | wc -l)"
}

@test "bsmtp: the end of the stream between two messages needs no QUIT" {
	run --separate-stderr vmta-queue add --bsmtp < <(one a@example.com)
	assert_run 0 '' '*'
	assert_eq 1 "$(records)"
}

@test "bsmtp: no message at all" {
	run --separate-stderr vmta-queue add --bsmtp < <(printf 'HELO a\nQUIT\n')
	assert_run 0 '' 'vmta-queue: 0 messages, 0 recipients queued'
	run --separate-stderr vmta-queue add --bsmtp </dev/null
	assert_run 65 '' 'vmta-queue: standard input is empty: no stream'
}

@test "bsmtp: a dot on a line that ends otherwise ends no message" {
	printf 'MAIL FROM:<s@x>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n' >in
	printf 'Subject: x\r\n\r\ny\r\n.\nMAIL FROM:<evil@x>\r\n' >>in
	printf 'RCPT TO:<evil@example.com>\r\nDATA\r\nz\r\n.\r\nQUIT\r\n' >>in
	run --separate-stderr vmta-queue add --bsmtp <in
	assert_run 65 '' '*'
	assert_match "$stderr" 'line 7: message 1: LF alone'
	assert_eq 0 "$(records)"
}

@test "bsmtp: a message over max-message-size is refused, the others are not" {
	printf 'max-message-size 1k\n' >>"$CONF"
	{
		one a@example.com
		one b@example.com "$(head -c 100000 /dev/zero | tr '\0' x)"
		echo 'MAIL FROM:<s@x> SIZE=5000'
		echo RSET
		one c@example.com
	} >in
	run --separate-stderr vmta-queue add --bsmtp <in
	assert_run 65 '' '*'
	assert_contains "$stderr" \
	    'line 10: message 2: the message is longer than max-message-size'
	assert_contains "$stderr" \
	    'line 13: message 3: SIZE is above max-message-size'
	assert_eq $'a@example.com\nc@example.com' "$(list_column rcpt)"
}

@test "bsmtp --batch-id: the second time nothing is added" {
	run --separate-stderr vmta-queue add --bsmtp --batch-id b1 \
	    < <(one a@example.com)
	assert_run 0 '' 'vmta-queue: 1 message, 1 recipient queued in batch b1'
	run --separate-stderr vmta-queue add --bsmtp --batch-id b1 \
	    < <(one b@example.com)
	assert_run 0 '' 'vmta-queue: batch b1 was queued before: nothing to do'
	assert_eq a@example.com "$(list_column rcpt)"
}

@test "bsmtp --batch-id: a batch that was cut can be added again" {
	run --separate-stderr vmta-queue add --bsmtp --batch-id b1 \
	    < <(one a@example.com | head -c 50)
	assert_run 65 '' '*'
	run --separate-stderr vmta-queue add --bsmtp --batch-id b1 \
	    < <(one a@example.com)
	assert_run 0 '' '*'
	assert_eq 1 "$(records)"
}

@test "bsmtp: nothing is seen of a batch that is still being read" {
	mkfifo pipe
	start_bg add sh -c 'vmta-queue add --bsmtp <pipe'
	exec 4>pipe
	{ one a@example.com; one b@example.com; } >&4
	wait_for 10 test -e "$SPOOL/VERSION"
	assert_eq 0 "$(records)"
	assert_eq 0 "$(vmta-queue ready | wc -l)"
	exec 4>&-
	wait_bg add
	assert_eq 2 "$(records)"
}

@test "bsmtp: a killed add leaves nothing that is ever seen" {
	mkfifo pipe
	start_bg add sh -c 'exec vmta-queue add --bsmtp <pipe'
	exec 4>pipe
	for i in {1..300}; do
		one "u$i@example.com" x "$(printf '%05000d' "$i")"
	done >&4
	stop_bg add KILL || true
	exec 4>&-
	assert_eq 0 "$(records)"
	assert_eq 0 "$(vmta-queue ready | wc -l)"
	assert_eq 0 "$(find "$SPOOL/queue" -type f | wc -l)"
}

@test "bsmtp: more records than a segment holds, all seen at once" {
	awk 'BEGIN { for (i = 1; i <= 12000; i++)
		printf "MAIL FROM:<s@x>\nRCPT TO:<u%d@d%d.example>\nDATA\n" \
		    "Subject: %d\n\nx\n.\n", i, i % 10, i }' >in
	run --separate-stderr vmta-queue add --bsmtp <in
	assert_run 0 '' 'vmta-queue: 12000 messages, 12000 recipients queued'
	assert_eq 12000 "$(list_column id | sort -u | wc -l)"
	[ "$(find "$SPOOL/queue" -type f | wc -l)" -gt 1 ]
	assert_eq 'Subject: 12000' "$(vmta-queue cat \
	    "$(vmta-queue list --rcpt 'u12000@*' | cut -f1)" | head -1 |
	    tr -d '\r')"
}

@test "bsmtp: sender and recipients don't go with it" {
	run --separate-stderr vmta-queue add --bsmtp a@example.com </dev/null
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue add --bsmtp -f a@example.com </dev/null
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue add --bsmtp -t </dev/null
	assert_run 64 '' '*'
}

@test "bsmtp -n: the stream is checked and nothing is added" {
	run --separate-stderr vmta-queue add -n --bsmtp \
	    < <(one a@example.com; one bad)
	assert_run 65 '' '*'
	assert_match "$stderr" "^vmta-queue: 1 message, 1 recipient would be\
 queued\$"
	[ ! -e "$SPOOL" ]
}
