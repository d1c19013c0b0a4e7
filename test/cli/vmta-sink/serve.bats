#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-sink: what is taken, and what is printed of it.
bats_require_minimum_version 1.5.0
load ../../lib/common
load client

@test "sink: a transaction is one line of twelve columns" {
	sink_start s -H
	run send "$SINK_PORT" a@b.test c@d.test e@f.test
	assert_match "$output" '^250 2.0.0 message taken'
	sink_wait s 2
	assert_eq 'time connection source local helo sender recipients bytes code sha256 header event' \
	    "$(sink_rows s | head -1 | tr '\t' ' ')"
	assert_eq "1 127.0.0.1 127.0.0.1:$SINK_PORT client.test a@b.test c@d.test,e@f.test 22 250 - - message" \
	    "$(sink_rows s | sed 1d | cut -f 2- | tr '\t' ' ')"
	assert_match "$(sink_rows s | sed 1d | cut -f 1)" '^[0-9]{10}\.[0-9]{3}$'
}

@test "sink: the summary counts what was taken and what was refused" {
	sink_start s --reply 'RCPT /^no@/ 550 5.1.1 no'
	send "$SINK_PORT" a@b.test c@d.test no@d.test e@f.test
	send "$SINK_PORT" a@b.test no@d.test
	stop_bg s
	assert_eq 'vmta-sink: connections 2 messages 1 recipients 2 bytes 22 refused 7 max-connections 1 max-per-connection 1' \
	    "$(cat s.err)"
}

@test "sink: sha256 and a header field are of the message without stuffing" {
	sink_start s --sha256 --header x-id
	smtp "$SINK_PORT" 'HELO c' 'MAIL FROM:<>' 'RCPT TO:<c@d>' DATA \
	    'X-ID: one' ' two' '' ..dot ... . QUIT
	smtp "$SINK_PORT" 'HELO c' 'MAIL FROM:<a@b>' 'RCPT TO:<c@d>' DATA . QUIT
	sink_wait s 2
	assert_eq "<> 29 $(printf 'X-ID: one\r\n two\r\n\r\n.dot\r\n..\r\n' |
	    sha256sum | cut -d ' ' -f 1) one two" "$(fields s 6 8 10 11 | head -1)"
	assert_eq "a@b 0 $(sha256sum </dev/null | cut -d ' ' -f 1) -" \
	    "$(fields s 6 8 10 11 | tail -1)"
}

@test "sink: a pipelined dialogue may be cut at every byte" {
	sink_start s --sha256
	cat >cut.py <<-'END'
	import socket, sys
	text = (b"EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
	    b"x\r\n..\r\n.y\r\n\r\n.\r\nMAIL FROM:<e@f>\r\nRCPT TO:<g@h>\r\n"
	    b"DATA\r\n.\r\nQUIT\r\n")
	said = set()
	for cut in range(len(text)):
	    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
	    s.sendall(text[:cut])
	    s.sendall(text[cut:])
	    got = b""
	    while True:
	        part = s.recv(4096)
	        if not part:
	            break
	        got += part
	    said.add(got)
	print(len(text), len(said))
	END
	run python3 cut.py "$SINK_PORT"
	read -r n said <<<"$output"
	assert_eq 1 "$said"
	sink_wait s $((2 * n))
	assert_eq "$n a@b c@d 11 250 $n e@f g@h 0 250" \
	    "$(fields s 6 7 8 9 10 | sort | uniq -c |
	    awk '{ print $1, $2, $3, $4, $5 }' | paste -sd ' ')"
}

@test "sink: several listeners, each named, IPv6 too" {
	sink_start s -l 127.0.0.1:0 -l 127.0.0.2:0 -l '[::1]:0' -l 0
	assert_eq '127.0.0.1 127.0.0.2 ::1 127.0.0.1' \
	    "$(awk '{ print $2 }' s.out | paste -sd ' ')"
	send "$(sink_port s 4)" a@b c@d
	cat >six.py <<-'END'
	import smtplib, sys
	s = smtplib.SMTP("::1", int(sys.argv[1]), local_hostname="c")
	s.sendmail("a@b", ["c@d"], "x\r\n")
	END
	python3 six.py "$(sink_port s 3)"
	sink_wait s 2
	assert_eq "127.0.0.1 127.0.0.1:$(sink_port s 4) ::1 [::1]:$(sink_port s 3)" \
	    "$(fields s 3 4 | paste -sd ' ')"
}

@test "sink: extensions are switched off one by one" {
	local all='PIPELINING 8BITMIME ENHANCEDSTATUSCODES SIZE'
	local off name rest
	for off in pipelining 8bitmime enhanced size; do
		sink_start "s$off" "--no-$off"
		name=${off^^}
		rest=$(echo "$all" | tr ' ' '\n' | grep -v "^$name" | paste -sd ' ')
		assert_eq "$rest" "$(smtp "$SINK_PORT" 'EHLO c' QUIT |
		    sed -n 's/^250-\([A-Z0-9]*\).*/\1/p' | grep -v '^$' |
		    paste -sd ' ')"
	done
}

@test "sink: --helo-only refuses EHLO, HELO is well" {
	sink_start s --helo-only
	assert_eq '220 502 250 221' "$(codes "$SINK_PORT" 'EHLO c' 'HELO c' QUIT)"
}

@test "sink: --max-size is offered and kept" {
	sink_start s --max-size 10 --name mx.test
	run smtp "$SINK_PORT" 'EHLO c' 'MAIL FROM:<a@b> SIZE=11' \
	    'MAIL FROM:<a@b>' 'RCPT TO:<c@d>' DATA 123456789 . QUIT
	assert_match "$output" '^220 mx.test ESMTP$'
	assert_match "$output" '^250-SIZE 10$'
	assert_eq '2' "$(grep -c '^552 5.3.4' <<<"$output")"
	sink_wait s 1
	assert_eq '11 552' "$(fields s 8 9)"
}

@test "sink: events show clients coming, going and refused" {
	sink_start s --events --reply 'RCPT /^no/ 550 no' --max-rcpt 1
	send "$SINK_PORT" a@b no@d yes@d more@d
	smtp "$SINK_PORT" 'HELO c' 'RCPT TO:<x@y>' 'MAIL FROM:<a@b> X=1' QUIT
	stop_bg s
	assert_eq '1 - - - connect
1 a@b no@d 550 rcpt-refused
1 a@b more@d 452 rcpt-refused
1 a@b yes@d 250 message
1 - - - disconnect
2 - - - connect
2 - - 503 rcpt-refused
2 a@b - 555 mail-refused
2 - - - disconnect' "$(fields s 2 6 7 9 12)"
}

@test "sink: a connection closed before the next one is never counted with it" {
	sink_start s --events
	cat >serial.py <<-'END'
	import socket, sys
	for i in range(300):
	    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	    s.close()
	END
	python3 serial.py "$SINK_PORT"
	sink_wait s 600
	stop_bg s
	assert_contains "$(cat s.err)" 'connections 300 '
	assert_contains "$(cat s.err)" 'max-connections 1 '
}

@test "sink: commas and control bytes in a line are escaped" {
	sink_start s
	smtp "$SINK_PORT" 'HELO c' 'MAIL FROM:<a\b@c>' \
	    'RCPT TO:<"x,y"@z>' 'RCPT TO:<c@d>' DATA . QUIT
	sink_wait s 1
	assert_eq 'a\\b@c "x\x2cy"@z,c@d' "$(fields s 6 7)"
}

@test "sink: -o writes to a file, listening goes to stdout" {
	echo old >lines
	sink_start s -o lines
	send "$SINK_PORT" a@b c@d
	wait_for 10 grep -q message lines
	assert_eq 1 "$(wc -l <lines)"
	assert_eq '' "$(sink_rows s)"
}

@test "sink: -q prints no lines and counts, --count-file says it meanwhile" {
	sink_start s -q --count-file count
	assert_contains "$(cat count)" 'messages 0 '
	send "$SINK_PORT" a@b c@d
	wait_for 10 grep -q ' messages 1 recipients 1 .* first [0-9.]* last' count
	stop_bg s
	assert_eq '' "$(sink_rows s)"
	assert_contains "$(cat s.err)" 'messages 1 '
	assert_contains "$(cat count)" 'connections 1 '
}

@test "sink: TERM and INT end it with status 0 and all lines" {
	local sig
	for sig in TERM INT; do
		sink_start "s$sig"
		send "$SINK_PORT" a@b c@d
		stop_bg "s$sig" "$sig"
		assert_eq "a@b c@d" "$(fields "s$sig" 6 7)"
	done
}

@test "sink: a reader that goes away ends it quietly" {
	run --separate-stderr bash -c '
	    { vmta-sink -l 0; echo "status $?" >&2; } | {
		read -r _ _ port
		exec 4<>"/dev/tcp/127.0.0.1/$port"
		exec <&-
		printf "HELO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nQUIT\r\n" >&4
		cat <&4 >/dev/null
	    }'
	assert_contains "$stderr" 'status 0'
	assert_lacks "$stderr" 'cannot'
}
