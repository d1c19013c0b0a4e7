#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue add: one message.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

@test "add: a message is queued for each recipient, their ids are printed" {
	run --separate-stderr vmta-queue add -f s@sender.test \
	    a@example.com B@Example.COM < <(message)
	assert_run 0 '*'
	assert_match "${lines[0]}" $'^[0-9a-z]{20}\\.0\ta@example\\.com$'
	assert_match "${lines[1]}" $'^[0-9a-z]{20}\\.1\tB@example\\.com$'
	assert_eq "$(cut -f1 <<<"$output")" "$(list_column id)"
	assert_eq $'s@sender.test\ns@sender.test' "$(list_column sender)"
	assert_eq "cli" "$(vmta-queue cat --envelope "${lines[0]%%	*}" |
	    awk '$1 == "origin" { print $2 }')"
}

@test "add: the same recipient twice is one record" {
	run --separate-stderr vmta-queue add a@example.com a@EXAMPLE.com \
	    < <(message)
	assert_run 0 '*'
	assert_eq 1 "${#lines[@]}"
	assert_eq 1 "$(records)"
}

@test "add: without -f the sender is the null sender" {
	message | vmta-queue add a@example.com >/dev/null
	assert_eq '<>' "$(list_column sender)"
}

@test "add: more than a thousand recipients of one message" {
	mapfile -t rcpts < <(seq -f 'u%g@example.com' 1500)
	run --separate-stderr vmta-queue add "${rcpts[@]}" < <(message)
	assert_run 0 '*'
	assert_eq 1500 "${#lines[@]}"
	assert_eq 1500 "$(records)"
	assert_eq "$(cut -f1 <<<"$output")" "$(list_column id)"
}

@test "add: what cat gives back is the message in CRLF, from LF or CRLF" {
	local crlf id
	{ message x; seq 500; } >in
	crlf=$(sed 's/$/\r/' in | md5sum)
	id=$(vmta-queue add a@example.com <in | cut -f1)
	assert_eq "$crlf" "$(vmta-queue cat "$id" | md5sum)" LF
	id=$(sed 's/$/\r/' in | vmta-queue add a@example.com |
	    cut -f1)
	assert_eq "$crlf" "$(vmta-queue cat "$id" | md5sum)" CRLF
}

@test "add: dots, long lines and bytes above 127 come back as they are" {
	printf 'A: b\r\n\r\n.\r\n..\r\n.x\r\n\xff\xfe\r\n%08000d\r\n' 7 >in
	id=$(vmta-queue add a@example.com <in | cut -f1)
	vmta-queue cat "$id" | cmp - in
}

@test "add: a last line with no end gets one" {
	id=$(printf 'A: b\n\nlast' | vmta-queue add a@example.com | cut -f1)
	assert_eq $'A: b\r\n\r\nlast\r' "$(vmta-queue cat "$id")"
}

@test "add: a lone CR, a lone LF or a NUL is refused, the line named" {
	run --separate-stderr vmta-queue add a@example.com \
	    < <(printf 'A: b\r\n\r\nx\n.\r\nMAIL FROM:<e@x>\r\n')
	assert_run 65 '' "vmta-queue: line 3 of the message: LF alone where\
 lines end in CRLF"
	run --separate-stderr vmta-queue add a@example.com \
	    < <(printf 'A: b\n\nx\ry\n')
	assert_run 65 '' "vmta-queue: line 3 of the message: CR where lines\
 end in LF"
	run --separate-stderr vmta-queue add a@example.com \
	    < <(printf 'A: b\r\n\r\nx\ry\r\n')
	assert_run 65 '' "vmta-queue: line 3 of the message: CR that ends no\
 line"
	run --separate-stderr vmta-queue add a@example.com \
	    < <(printf 'A: b\n\nx\0y\n')
	assert_run 65 '' 'vmta-queue: NUL in the message'
	run --separate-stderr vmta-queue add a@example.com </dev/null
	assert_run 65 '' 'vmta-queue: the message is empty'
	assert_eq 0 "$(records)"
}

@test "add: no recipient is a usage error, none in the fields bad input" {
	run --separate-stderr vmta-queue add < <(message)
	assert_run 64 '' '*'
	assert_match "$stderr" '^vmta-queue: no recipient'
	run --separate-stderr vmta-queue add -t \
	    < <(printf 'Subject: x\n\nTo: a@example.com\n')
	assert_run 65 '' 'vmta-queue: no recipient in To, Cc or Bcc'
	[ ! -e "$SPOOL/queue" ] || assert_eq 0 "$(records)"
}

@test "add: a bad recipient or sender refuses the message, each is named" {
	local long
	long=$(printf '%0300d' 1)@example.com
	run --separate-stderr vmta-queue add -f $'s\r@x' ok@example.com \
	    $'a\nb@example.com' "$long" noat x@y..z < <(message)
	assert_run 65 '' '*'
	assert_eq 5 "${#stderr_lines[@]}"
	assert_eq 'vmta-queue: sender s?@x: control character in the address' \
	    "${stderr_lines[0]}"
	assert_match "${stderr_lines[1]}" 'a\?b@.*control character'
	assert_match "${stderr_lines[2]}" 'longer than 254 bytes'
	assert_match "${stderr_lines[3]}" 'noat: the address has no @domain'
	assert_match "${stderr_lines[4]}" 'x@y\.\.z: empty label'
	assert_eq 0 "$(records)"
}

@test "add: an address that is not ASCII is refused with the reason" {
	run --separate-stderr vmta-queue add $'m\xc3\xbcller@example.com' \
	    < <(message)
	assert_run 65 '' '*'
	assert_contains "$stderr" 'the address is not ASCII'
}

@test "add -t: recipients of To, Cc and Bcc, each once; Bcc is removed" {
	cat >in <<-'EOF'
	From: me@sender.test
	To: "Doe, John" <john@example.com>,
	 team: a@example.org, b@example.org;
	Subject: x
	Bcc: secret@example.net,
	  john@EXAMPLE.com
	cc: c@example.org (a comment, with b@c)
	X-To: not@example.com

	To: body@example.com
	EOF
	run --separate-stderr vmta-queue add -t extra@example.com <in
	assert_run 0 '*'
	assert_eq "extra@example.com
john@example.com
a@example.org
b@example.org
secret@example.net
c@example.org" "$(cut -f2 <<<"$output")"
	run --separate-stderr vmta-queue cat "${lines[0]%%	*}"
	assert_lacks "$output" secret
	assert_lacks "$output" Bcc
	assert_contains "$output" 'X-To: not@example.com'
	assert_contains "$output" 'team: a@example.org'
}

@test "add -t: one address that is none, and nothing is queued" {
	run --separate-stderr vmta-queue add -t \
	    < <(printf 'To: a@example.com, bad\n\nx\n')
	assert_run 65 '' 'vmta-queue: recipient bad: the address has no @domain'
	assert_eq 0 "$(records)"
}

@test "add: X-Virtual-MTA, X-Job and X-Envid are honoured and removed" {
	cat >in <<-'EOF'
	X-Virtual-MTA: SLOW
	From: me@sender.test
	X-Job:
	 november
	x-envid: 4711
	Subject: x

	X-Job: body
	EOF
	id=$(vmta-queue add a@example.com <in | cut -f1)
	run --separate-stderr vmta-queue cat --envelope "$id"
	assert_match "$output" $'^vmta\tslow$'
	assert_match "$output" $'^job\tnovember$'
	assert_match "$output" $'^envid\t4711$'
	assert_eq "$(printf '%s\r\n' 'From: me@sender.test' 'Subject: x' '' \
	    'X-Job: body')" "$(vmta-queue cat "$id")"
}

@test "add: an option counts more than a header field" {
	id=$(printf 'X-Virtual-MTA: slow\nX-Job: h\nX-Envid: h\nA: b\n\nx\n' |
	    vmta-queue add --vmta both --job o --envid o a@example.com |
	    cut -f1)
	run --separate-stderr vmta-queue cat --envelope "$id"
	assert_match "$output" $'^vmta\tboth$'
	assert_match "$output" $'^job\to$'
	assert_match "$output" $'^envid\to$'
}

@test "add: a virtual MTA that nobody configured is refused" {
	run --separate-stderr vmta-queue add --vmta nix a@example.com \
	    < <(message)
	assert_run 65 '' 'vmta-queue: nix: no such virtual MTA or pool'
	run --separate-stderr vmta-queue add a@example.com \
	    < <(printf 'X-Virtual-MTA: nix\n\nx\n')
	assert_run 65 '' 'vmta-queue: X-Virtual-MTA names no virtual MTA or pool'
	assert_eq 0 "$(records)"
}

@test "add: without a virtual MTA it is {default}, or what is configured" {
	add_message a@example.com
	assert_eq 'example.com/{default}' "$(list_column queue)"
	printf 'default-virtual-mta slow\n' >>"$CONF"
	vmta-conf-check --activate -q
	add_message b@example.com
	assert_match "$(list_column queue)" '^example.com/slow$'
}

@test "add: job, envid and header values that can't stand in a row" {
	run --separate-stderr vmta-queue add --job $'a\tb' a@example.com \
	    < <(message)
	assert_run 65 '' '*'
	assert_match "$stderr" '^vmta-queue: --job: the value is 1 to 64'
	run --separate-stderr vmta-queue add --envid '' a@example.com \
	    < <(message)
	assert_run 65 '' '*'
	run --separate-stderr vmta-queue add a@example.com \
	    < <(printf 'X-Job: a\tb\n\nx\n')
	assert_run 65 '' 'vmta-queue: bad value of X-Job'
	assert_eq 0 "$(records)"
}

@test "add: --priority stands in the row; it is 0 to 100" {
	add_message a@example.com --priority 99
	assert_eq 99 "$(list_column priority)"
	for p in -1 101 high ''; do
		run --separate-stderr vmta-queue add "--priority=$p" \
		    a@example.com < <(message)
		assert_run 64 '' '*'
	done
	assert_eq 1 "$(records)"
}

@test "add: max-message-size holds" {
	printf 'max-message-size 1k\n' >>"$CONF"
	run --separate-stderr vmta-queue add a@example.com < <(message x 2000)
	assert_run 65 '' "vmta-queue: the message is longer than\
 max-message-size (1024 bytes)"
	# above it only in CRLF
	{ printf 'A: b\n\n'; yes '' | head -600; } >in
	run --separate-stderr vmta-queue add a@example.com <in
	assert_run 65 '' "vmta-queue: the message is longer than\
 max-message-size"
	assert_eq 0 "$(records)"
	add_message a@example.com
	assert_eq 1 "$(records)"
}

@test "add --batch-id: the same id again does nothing, and says so" {
	run --separate-stderr vmta-queue add --batch-id nov-23 a@example.com \
	    < <(message)
	assert_run 0 '*'
	assert_eq "$output" "$(list_column id)"$'\ta@example.com'
	run --separate-stderr vmta-queue add --batch-id nov-23 b@example.com \
	    < <(message)
	assert_run 0 '' "vmta-queue: batch nov-23 was queued before: nothing to\
 do"
	assert_eq a@example.com "$(list_column rcpt)"
	run --separate-stderr vmta-queue add --batch-id 'a b' a@example.com \
	    < <(message)
	assert_run 64 '' '*'
	assert_eq 1 "$(records)"
}

@test "add -n: says what would be done and makes no spool" {
	run --separate-stderr vmta-queue add -n --vmta fast a@example.com \
	    b@example.com < <(printf 'A: b\n\nx\n')
	assert_run 0 '' "vmta-queue: would queue a message of 11 bytes for 2\
 recipients through fast"
	[ ! -e "$SPOOL" ]
	run --separate-stderr vmta-queue add -n bad < <(message)
	assert_run 65 '' '*'
}

@test "add: nothing is queued below min-free-space" {
	sed -i 's,^</spool>,min-free-space 1000t\n</spool>,' "$CONF"
	run --separate-stderr vmta-queue add a@example.com < <(message)
	assert_run 75 '' '*'
	assert_contains "$stderr" 'min-free-space'
	assert_eq 0 "$(records)"
}

@test "add: a wrong configuration is named by line, and no spool is made" {
	printf 'no-such-directive 1\n' >>"$CONF"
	run --separate-stderr vmta-queue add a@example.com < <(message)
	assert_run 78 '' '*'
	assert_match "$stderr" '^.*vmta\.conf:[0-9]+:[0-9]+: error: '
	[ ! -e "$SPOOL" ]
}

@test "add: 20 processes at once lose nothing and share files" {
	local i pids=()
	add_message first@example.com
	for i in {1..20}; do
		message "$i" | vmta-queue add "u$i@example.com" >"out$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	assert_eq 21 "$(records)"
	assert_eq "$(sort out* | cut -f1)" \
	    "$(list_column id | sort | grep -Ff <(cut -f1 out*))"
}

@test "add -h: the synopsis; a bad option is a usage error" {
	run --separate-stderr vmta-queue add -h
	assert_run 0 '*'
	assert_match "${lines[0]}" '^usage: vmta-queue add '
	run --separate-stderr vmta-queue add --nope
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue add --all-or-nothing a@example.com
	assert_run 64 '' '*'
}
