#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue cat: a message, an envelope.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

@test "cat: by id, by locator, by the message's id" {
	for n in 1 2 3; do
		printf 'Subject: %s\n\nx\n' "$n" |
		    vmta-queue add "u$n@example.com" >"id$n"
	done
	vmta-queue ready >/dev/null
	locator=$(vmta-queue list --rcpt 'u2@*' | cut -f2)
	id=$(cut -f1 id2)
	for what in "$id" "$locator" "${id%.*}"; do
		run --separate-stderr vmta-queue cat "$what"
		assert_run 0 $'Subject: 2\r\n\r\nx\r'
	done
	assert_eq 3 "$(vmta-queue cat "$(cut -f1 id3)" "$locator" \
	    "$(cut -f1 id1)" | grep -c Subject)"
}

@test "cat: a message that has just been added, not yet packed" {
	id=$(printf 'A: b\n\nx\n' | vmta-queue add a@example.com | cut -f1)
	run --separate-stderr vmta-queue cat "$id"
	assert_run 0 $'A: b\r\n\r\nx\r'
}

@test "cat: each record of a message has the same text" {
	message | vmta-queue add a@example.com b@example.org >ids
	a=$(vmta-queue cat "$(sed -n 1p ids | cut -f1)" | md5sum)
	b=$(vmta-queue cat "$(sed -n 2p ids | cut -f1)" | md5sum)
	assert_eq "$a" "$b"
}

@test "cat: what isn't there" {
	vmta-queue ready
	for what in 0123456789abcdefghij.0 0123456789abcdefghij x ''; do
		run --separate-stderr vmta-queue cat "$what"
		assert_run 66 '' "vmta-queue: $what: no such record"
	done
	run --separate-stderr vmta-queue cat
	assert_run 64 '' '*'
}

@test "cat --envelope: every field, a row each" {
	id=$(message | vmta-queue add -f s@sender.test a@example.com | cut -f1)
	run --separate-stderr vmta-queue cat --envelope "$id"
	assert_run 0 '*'
	assert_eq "id locator queued sender rcpt orcpt vmta job envid notify ret\
 expire origin origin-mta state due attempts priority reply now-vmta\
 last-source" "$(cut -f1 <<<"$output" | paste -sd ' ')"
	assert_match "$output" $'^state\tqueued$'
	run --separate-stderr vmta-queue cat --envelope --json "$id"
	assert_contains "$output" '{"field":"rcpt","value":"a@example.com"}'
}

@test "cat: a damaged message is reported, not a byte of it printed" {
	id=$(printf 'Subject: x\n\nTHE TEXT\n' |
	    vmta-queue add a@example.com | cut -f1)
	vmta-queue ready >/dev/null
	seg=$(segment)
	at=$(grep -abo 'THE TEXT' "$seg" | cut -d: -f1)
	printf x | dd of="$seg" bs=1 seek="$at" conv=notrunc status=none
	run --separate-stderr vmta-queue cat "$id"
	assert_run 65 '' '*'
	assert_contains "$stderr" checksum
}
