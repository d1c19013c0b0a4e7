#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../../lib/common

lists() {
	cat >"$CONF" <<-'E'
		<smtp-pattern-list slow>
		  reply /^421 .*RP-001/ mode=backoff
		  reply /user unknown/ mode=backoff
		  reply /^2.d+.d+;/ mode=normal
		</smtp-pattern-list>
		<bounce-category-patterns>
		  /^5\.1\.1;/ bad-mailbox
		  /spam/ spam-related
		  // other
		</bounce-category-patterns>
	E
}

@test "patterns: which fires on which reply of the large providers" {
	lists
	run --separate-stderr vmta-conf-check -H --patterns "$CONF"
	[ "$status" -eq 0 ]
	assert_eq 'list	provider	reply	meaning	action	pattern	from' "${lines[0]}"
	[ "${#lines[@]}" -gt 200 ]
	assert_match "$output" \
	    "slow	microsoft	421 RP-001 .*	mode=backoff	\^421 \.\*RP-001	$CONF:2"
	assert_match "$output" \
	    "bounce-category	google	550 5.1.1 .*	bad-mailbox	bad-mailbox	.*	$CONF:7"
}

@test "patterns: warns of those that can't match or slow down too much" {
	lists
	run --separate-stderr vmta-conf-check --patterns "$CONF"
	assert_contains "$stderr" "$CONF:3:3: warning: this slows the queue down"
	assert_contains "$stderr" backoff-user-unknown
	assert_contains "$stderr" "$CONF:4:3: warning:"
	assert_contains "$stderr" lost-backslash
	assert_contains "$stderr" "6 patterns"
}

@test "patterns: one that never comes first" {
	cat >"$CONF" <<-'E'
		<smtp-pattern-list slow>
		  reply /^421 / skip-mx
		  reply /^421 RP-00[123]/ bounce-queue
		</smtp-pattern-list>
	E
	run --separate-stderr vmta-conf-check --patterns "$CONF"
	assert_contains "$stderr" "$CONF:3:3: warning: an earlier pattern comes first on each of the 3 replies that it matches, at line 2 for one [hidden-pattern]"
}

@test "patterns: over replies of a file, or of an accounting file" {
	lists
	printf '550 5.1.1 gone\n421 4.7.0 RP-001 wait\n' >replies
	run --separate-stderr vmta-conf-check --patterns=replies "$CONF"
	assert_eq 4 "${#lines[@]}"
	assert_match "${lines[1]}" '^slow	file	421 4.7.0 RP-001 wait	-	mode=backoff'
	printf 'type,rcpt,dsnDiag\nb,a@b.example,smtp;550 5.1.1 gone\n' >acct.csv
	run --separate-stderr vmta-conf-check --patterns=acct.csv "$CONF"
	assert_match "${lines[1]}" '^bounce-category	file	550 5.1.1 gone	-	bad-mailbox'
	run --separate-stderr vmta-conf-check --patterns=none "$CONF"
	assert_run 66 "" '*'
}

@test "match: explains one reply" {
	lists
	# a backslash is two in TSV
	run --separate-stderr vmta-conf-check --match '550 5.1.1 <a@b.example>: user unknown, no spam' \
	    "$CONF"
	assert_run 0 "slow	mode=backoff	user unknown	$CONF:3
bounce-category	bad-mailbox	^5\\\\.1\\\\.1;	$CONF:7
bounce-category	spam-related	spam	$CONF:8 (hidden)
bounce-category	other	-	$CONF:9 (hidden)
(built in)	bad-mailbox	recipient	-"
}
