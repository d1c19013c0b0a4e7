#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue list: the records.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

columns='id locator state due attempts priority size queue sender rcpt job'

@test "list: an empty spool prints nothing and ends with 0" {
	vmta-queue ready
	run --separate-stderr vmta-queue list
	assert_run 0
	run --separate-stderr vmta-queue list -H
	assert_run 0 "${columns// /	}"
}

@test "list: a row a record, with what was asked for" {
	id=$(printf 'A: b\n\nx\n' | vmta-queue add -f s@sender.test \
	    --vmta fast --job nov --priority 7 x@hotmail.com | cut -f1)
	vmta-queue list -H >out
	assert_eq "$id" "$(column id <out)"
	assert_eq queued "$(column state <out)"
	assert_eq 0 "$(column attempts <out)"
	assert_eq 7 "$(column priority <out)"
	assert_eq 11 "$(column size <out)"
	assert_eq "\$ms/fast" "$(column queue <out)"
	assert_eq s@sender.test "$(column sender <out)"
	assert_eq x@hotmail.com "$(column rcpt <out)"
	assert_eq nov "$(column job <out)"
	assert_match "$(column due <out)" '^[0-9]+$'
	assert_eq "$(vmta-queue ready -H | column locator)" \
	    "$(column locator <out)"
}

@test "list: conditions choose, all of them together" {
	add_message a@example.com --vmta fast --job one
	add_message b@example.org --vmta slow --job two
	add_message c@Mail.Example.ORG --vmta slow --job two
	assert_eq 2 "$(vmta-queue list --job two | wc -l)"
	assert_eq 1 "$(vmta-queue list --job two example.org/* | wc -l)"
	assert_eq 1 "$(vmta-queue list --vmta FAST | wc -l)"
	assert_eq 2 "$(vmta-queue list --domain '*example.org' | wc -l)"
	assert_eq 1 "$(vmta-queue list --rcpt 'b@*' | wc -l)"
	assert_eq 3 "$(vmta-queue list --sender s@sender.test | wc -l)"
	assert_eq 3 "$(vmta-queue list --state queued | wc -l)"
	assert_eq 0 "$(vmta-queue list --state held | wc -l)"
	assert_eq 2 "$(vmta-queue list -l 2 | wc -l)"
	run --separate-stderr vmta-queue list --state lost
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue list -l 0
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue list ''
	assert_run 64 '' '*'
}

@test "list: table, CSV and JSON" {
	add_message '"a,b"@example.com'
	run --separate-stderr vmta-queue list --format table
	assert_match "${lines[0]}" '^id +locator +state +due '
	assert_match "${lines[1]}" ' queued +[0-9]{4}-[0-9]{2}-[0-9]{2} '
	run --separate-stderr vmta-queue list --format csv
	assert_eq "${columns// /,}" "${lines[0]}"
	assert_contains "${lines[1]}" ',"""a,b""@example.com",'
	run --separate-stderr vmta-queue list --json
	assert_contains "$output" '"rcpt":"\"a,b\"@example.com"'
	run --separate-stderr vmta-queue list --format xml
	assert_run 64 '' '*'
}

@test "list: works when the configuration is gone or wrong" {
	add_message a@example.com --vmta slow
	rm "$CONF"
	assert_eq example.com/slow "$(list_column queue)"
	rm "$SPOOL/control/conf"
	run --separate-stderr vmta-queue list
	assert_run 0 '*'
	assert_contains "$output" a@example.com
}

@test "list: a reader that goes away is an ordinary end" {
	awk 'BEGIN { for (i = 1; i <= 5000; i++)
		printf "MAIL FROM:<s@x>\nRCPT TO:<u%d@d.example>\nDATA\n" \
		    "Subject: %d\n\nx\n.\n", i, i }' |
	    vmta-queue add -q --bsmtp
	{ rc=0; vmta-queue list 2>err || rc=$?; echo "$rc" >rc; } | head -1 >one
	assert_eq 0 "$(cat rc)"
	assert_eq '' "$(cat err)"
}

@test "list: a damaged envelope is reported, the other records are listed" {
	awk 'BEGIN { for (i = 1; i <= 3; i++)
		printf "MAIL FROM:<s@x>\nRCPT TO:<rcpt%d@d.example>\nDATA\n" \
		    "Subject: %d\n\nx\n.\n", i, i }' |
	    vmta-queue add -q --bsmtp
	seg=$(segment)
	at=$(grep -abo rcpt2@ "$seg" | head -1 | cut -d: -f1)
	printf X | dd of="$seg" bs=1 seek="$at" conv=notrunc status=none
	run --separate-stderr vmta-queue list
	assert_run 65 '*' '*'
	assert_contains "$stderr" damaged
	assert_contains "$output" rcpt1@d.example
	assert_contains "$output" rcpt3@d.example
	assert_lacks "$output" Xcpt2
	assert_eq 2 "$(vmta-queue ready 2>/dev/null | wc -l)"
}

@test "list: a damaged state line is reported and never ready" {
	add_message a@example.com
	vmta-queue ready >/dev/null
	seg=$(segment)
	at=$(LC_ALL=C grep -aboE '^Q [0-9]{10} ' "$seg" | head -1 | cut -d: -f1)
	printf 'D' | dd of="$seg" bs=1 seek="$at" conv=notrunc status=none
	run --separate-stderr vmta-queue list
	assert_run 65 '*' '*'
	assert_match "$output" $'\tdamaged\t'
	assert_contains "$stderr" 'state line is damaged'
	assert_eq 0 "$(vmta-queue ready 2>/dev/null | wc -l)"
	run --separate-stderr vmta-queue show queues
	assert_run 65 '*' '*'
}
