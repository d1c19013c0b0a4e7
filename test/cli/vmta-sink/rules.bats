#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-sink: refusing and misbehaving by rule.
bats_require_minimum_version 1.5.0
load ../../lib/common
load client

MAIL=('HELO c' 'MAIL FROM:<a@b>' 'RCPT TO:<c@d>' DATA x . QUIT)

@test "rules: --first N answers so often, then no more" {
	sink_start s --first 2 --reply 'RCPT /@d\.test$/ 450 4.2.0 later'
	assert_eq '220 250 250 450 250 450 250 250 221' \
	    "$(codes "$SINK_PORT" 'HELO c' 'MAIL FROM:<a@b>' 'RCPT TO:<x@d.test>' \
	    'RCPT TO:<x@e.test>' 'RCPT TO:<y@d.test>' 'RCPT TO:<x@d.test>' \
	    'RCPT TO:<y@d.test>' QUIT)"
	assert_contains "$(smtp "$SINK_PORT" 'HELO c' QUIT)" '221 2.0.0 bye'
}

@test "rules: every stage can be refused" {
	local -A want=(
	    [CONNECT]='450 503 503 503 503 503 503 221'
	    [HELO]='220 450 503 503 503 500 500 221'
	    [MAIL]='220 250 450 503 503 500 500 221'
	    [RCPT]='220 250 250 450 554 500 500 221'
	    [DATA]='220 250 250 250 450 500 500 221'
	    [DOT]='220 250 250 250 354 450 221'
	)
	local stage
	for stage in "${!want[@]}"; do
		sink_start "s$stage" --reply "$stage 450 no"
		assert_eq "${want[$stage]}" "$(codes "$SINK_PORT" "${MAIL[@]}")" \
		    "$stage"
	done
	assert_eq 450 "$(fields sDOT 9)"
}

@test "rules: the client's address, the name and the sender are matched" {
	sink_start s --reply 'CONNECT /^127\.0\.0\.9$/ 554 no' \
	    --reply 'HELO /bad/ 550 no' --reply 'MAIL /<>/ 551 no' \
	    --reply 'DOT /c@d,e@f/ 552 no'
	assert_eq '220 550 250 551 250 250 250 354 552 221' \
	    "$(codes "$SINK_PORT" 'HELO BAD.test' 'HELO good' 'MAIL FROM:<>' \
	    'MAIL FROM:<a@b>' 'RCPT TO:<c@d>' 'RCPT TO:<e@f>' DATA . QUIT)"
}

@test "rules: --every and --share choose among matches" {
	sink_start s --every 2 --reply 'RCPT /^e/ 450 no' \
	    --share 50% --reply 'RCPT /^s/ 451 no'
	local rcpts=() i
	for i in 1 2 3 4; do rcpts+=("RCPT TO:<e@$i>"); done
	for i in {1..40}; do rcpts+=("RCPT TO:<s@$i>" "RCPT TO:<s@$i>"); done
	run codes "$SINK_PORT" 'HELO c' 'MAIL FROM:<a@b>' "${rcpts[@]}" QUIT
	assert_match "$output" '^220 250 250 250 450 250 450 '
	# each address meets the same fate twice, and both fates occur
	assert_eq '250 250
451 451' "$(cut -d ' ' -f 8-87 <<<"$output" | xargs -n 2 | sort -u)"
}

@test "rules: 421 closes the connection at once" {
	sink_start s --reply 'RCPT 421 4.3.2 going down'
	assert_eq '220 250 250 421' "$(codes "$SINK_PORT" "${MAIL[@]}")"
}

@test "rules: a reply of several lines" {
	sink_start s --reply 'RCPT 550 5.7.1 one\ntwo'
	run smtp "$SINK_PORT" "${MAIL[@]}"
	assert_contains "$output" $'\n550-5.7.1 one\n550 5.7.1 two\n'
}

@test "rules: --close ends the connection unanswered at each stage" {
	local -A want=(
	    [CONNECT]='' [HELO]=220 [MAIL]='220 250' [RCPT]='220 250 250'
	    [DATA]='220 250 250 250' [TEXT]='220 250 250 250 354'
	    [DOT]='220 250 250 250 354' [QUIT]='220 250 250 250 354 250'
	)
	local stage
	for stage in "${!want[@]}"; do
		sink_start "s$stage" --close "$stage"
		assert_eq "${want[$stage]}" "$(codes "$SINK_PORT" "${MAIL[@]}" \
		    2>/dev/null)" "$stage"
	done
	sink_wait sDOT 1
	assert_eq 000 "$(fields sDOT 9)"
	assert_eq '' "$(fields sTEXT 9)"
}

@test "rules: --hang never answers, and other clients are served" {
	sink_start s --first 1 --hang 'RCPT /c@d/'
	exec 5<>"/dev/tcp/127.0.0.1/$SINK_PORT"
	printf '%s\r\n' "${MAIL[@]}" >&5
	read -r line <&5
	read -r line <&5
	read -r line <&5
	assert_match "$line" '^250 2.1.0'
	assert_eq '220 250 250 250 354 250 221' "$(codes "$SINK_PORT" "${MAIL[@]}")"
	exec 5>&-
	stop_bg s
	assert_contains "$(cat s.err)" 'connections 2 messages 1 '
}

@test "rules: --delay holds its own connection only, and in order" {
	sink_start s --first 1 --delay 'RCPT=600' --reply 'RCPT /^no/ 550 no'
	exec 5<>"/dev/tcp/127.0.0.1/$SINK_PORT"
	# in one write: what stands behind the delayed reply must wait
	printf '%s' "$(printf '%s\r\n' 'HELO c' 'MAIL FROM:<slow@b>' \
	    'RCPT TO:<no@d>' 'RCPT TO:<c@d>' DATA . QUIT x)" >&5
	# the first reply being there, the delay has begun
	read -r line <&5
	send "$SINK_PORT" quick@b c@d
	assert_eq '250 250 550 250 354 250 221' \
	    "$(cut -c 1-3 <&5 | paste -sd ' ')"
	exec 5>&-
	sink_wait s 2
	assert_eq 'quick@b slow@b' "$(fields s 6 | paste -sd ' ')"
}

@test "rules: replies delayed at every stage, and dripped, are the same" {
	local opts=() stage
	for stage in CONNECT HELO MAIL RCPT DATA TEXT DOT QUIT; do
		opts+=(--delay "$stage=10")
	done
	sink_start s "${opts[@]}"
	assert_eq '220 250 250 250 354 250 221' "$(codes "$SINK_PORT" "${MAIL[@]}")"
	sink_start d "${opts[@]}" --drip=1 --reply 'QUIT 421 4.0.0 go'
	assert_eq '220 250 250 250 354 250 421' "$(codes "$SINK_PORT" "${MAIL[@]}")"
}

@test "rules: --raw sends bytes as they are and takes them for a reply" {
	sink_start s --raw 'RCPT /^a/ 250-x\n250 \x41\t\\\r\n' \
	    --repeat 3 --raw 'RCPT /^b/ \{4}z' --raw 'DATA 354 go\r\n'
	assert_eq '250-x
250 A	\
zzzzzzzzzzzz250 2.0.0 ok
354 go
250 2.0.0 message taken' "$(smtp "$SINK_PORT" 'HELO c' 'MAIL FROM:<a@b>' \
	    'RCPT TO:<a@d>' 'RCPT TO:<b@d>' NOOP DATA . QUIT | sed '1,3d;$d')"
	sink_wait s 1
	assert_eq a@d "$(fields s 7)"
}

@test "rules: --drip sends every reply byte by byte" {
	sink_start s --drip=1 --banner 'hello there'
	run smtp "$SINK_PORT" "${MAIL[@]}"
	assert_eq '220 hello there' "${lines[0]}"
	assert_eq '221 2.0.0 bye' "${lines[6]}"
}

@test "rules: --multiline makes the reply to EHLO long" {
	sink_start s --multiline 100000
	assert_eq 100000 "$(smtp "$SINK_PORT" 'EHLO c' QUIT |
	    grep -c '^250-X-LINE')"
}

@test "rules: --max-conn answers 421 beyond it, and not below" {
	sink_start s --max-conn 2
	exec 5<>"/dev/tcp/127.0.0.1/$SINK_PORT"
	read -r line <&5
	exec 6<>"/dev/tcp/127.0.0.1/$SINK_PORT"
	read -r line <&6
	assert_eq 421 "$(codes "$SINK_PORT" "${MAIL[@]}")"
	exec 5>&-
	assert_eq '220 250 250 250 354 250 221' "$(codes "$SINK_PORT" "${MAIL[@]}")"
	exec 6>&-
	stop_bg s
	assert_contains "$(cat s.err)" 'connections 4 messages 1 '
	assert_contains "$(cat s.err)" ' refused 1 max-connections 3 '
}

@test "rules: --max-msg-per-conn answers 421 to the next MAIL" {
	sink_start s --max-msg-per-conn 2
	local one=('MAIL FROM:<a@b>' 'RCPT TO:<c@d>' DATA .)
	assert_eq '220 250 250 250 354 250 250 250 354 250 421' \
	    "$(codes "$SINK_PORT" 'HELO c' "${one[@]}" "${one[@]}" "${one[@]}")"
	stop_bg s
	assert_contains "$(cat s.err)" 'messages 2 '
	assert_contains "$(cat s.err)" 'max-per-connection 2'
}
