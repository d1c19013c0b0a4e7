# SPDX-License-Identifier: ISC
# vmta-acct --stdin: event lines to CSV.
# shellcheck disable=SC2016 # text for another shell

bats_require_minimum_version 1.5.0
load ../../lib/common

setup() {
	common_setup
	need vmta-acct
}

# event TYPE ID [DIAG]: one event line.
event() {
	printf '1795435207.250\t%s\t%s\texample.com/fast\texample.com\tfast\t-\t' \
	    "$1" "$2"
	printf -- '-\t127.0.0.2\t<>\tuser@example.com\t-\tj1\t-\t1795435200\t-\t'
	printf '1\trelayed\t2.0.0\t250\t%s\tmx.example.com\t127.0.0.1\t-\t-\t' \
	    "${3-smtp;250 ok}"
	printf -- '-\t-\t-\t4096\t12\tcli\t-\t-\t-\n'
}

@test "rows with PowerMTA's columns; no spool, no configuration" {
	event d a.0 >events
	run --separate-stderr vmta-acct --stdin <events
	assert_run 0 'type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool
d,2026-11-23 12:00:07+0000,2026-11-23 12:00:00+0000,,user@example.com,,relayed,2.0.0 (success),smtp;250 ok,mx.example.com (127.0.0.1),,cli,,smtp,127.0.0.2,127.0.0.1,,4096,fast,j1,,example.com/fast,'
}

@test "--fields and --records choose" {
	{ event d a.0; event t b.0; event b c.0; } >events
	run --separate-stderr vmta-acct --stdin --fields 'id, status' \
	    --records b,t <events
	assert_run 0 'id,status
b.0,deferred
c.0,bounced'
}

@test "no input: the header line alone" {
	run --separate-stderr vmta-acct --stdin --fields id </dev/null
	assert_run 0 id
}

@test "the header line of vmta-send -H is no record" {
	{ printf 'time\ttype\tid\tqueue\n'; event d a.0; } >events
	run --separate-stderr vmta-acct --stdin --fields id <events
	assert_run 0 'id
a.0'
}

@test "replies can't break a row" {
	event b a.0 'smtp;550 a\nb,"c"' >events
	run --separate-stderr vmta-acct --stdin --fields id,dsnDiag <events
	assert_run 0 'id,dsnDiag
a.0,"smtp;550 a b,""c"""'
}

@test "bad lines are named and counted, the rest is converted: 65" {
	{
		event d a.0
		echo nonsense
		printf 'x\0y\n'
		head -c 100000 /dev/zero | tr '\0' x
		echo
		event d b.0
		event d c.0 | tr -d '\n'
	} >events
	run --separate-stderr vmta-acct --stdin --fields id <events
	assert_run 65 'id
a.0
b.0' 'vmta-acct: line 2: not an event line (vmta-event(5))
vmta-acct: line 3: a NUL byte in it
vmta-acct: line 4: too long for an event line
vmta-acct: line 6: cut: it has no newline
vmta-acct: 4 of 6 lines are no event lines'
}

@test "a reader that goes away is an ordinary end" {
	for _ in {1..20}; do event d a.0; done >some
	for _ in {1..500}; do cat some; done >events
	run --separate-stderr bash -c 'vmta-acct --stdin --fields id <events |
	    head -n 1; echo "${PIPESTATUS[0]}"'
	assert_run 0 'id
0'
}

@test "an output that can't be written: 74" {
	[ -e /dev/full ] || skip "no /dev/full"
	event d a.0 >events
	run --separate-stderr bash -c 'vmta-acct --stdin <events >/dev/full'
	assert_run 74 '' 'vmta-acct: cannot write to standard output: No space left on device'
}

@test "rows come as they are read" {
	mkfifo in
	vmta-acct --stdin --fields id <in >out 3>&- &
	echo $! >"$T/bg/acct"
	exec 9>in
	event d a.0 >&9
	wait_for 20 grep -q '^a.0$' out
	exec 9>&-
	wait_bg acct
}
