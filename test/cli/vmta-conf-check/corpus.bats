#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Configurations of others, where they lie beside the tree: each is read to its
# end, what is said of it are findings of the table, and the right ones print to
# the same.
bats_require_minimum_version 1.5.0
load ../../lib/common

corpus=$ROOT/../shared/reference/corpus

@test "corpus: every file is read to its end" {
	local f
	[ -d "$corpus" ] || skip "no files beside the tree"
	for f in "$corpus"/*.conf; do
		run --separate-stderr timeout 20 vmta-conf-check --disable host "$f"
		[ "$status" -eq 0 ] || [ "$status" -eq 78 ] ||
		    fail "$f: status $status"
		assert_match "$stderr" '[0-9]+ errors?, [0-9]+ warnings?$'
		run ! grep -Ev ': (error|warning|note): .* \[[a-z0-9-]+\]$' \
		    <<<"$output"
	done
}

# said FILE STATUS CODE...: it has these findings, of this class or another.
said() {
	local f=$corpus/$1 want=$2 code
	shift 2
	run --separate-stderr vmta-conf-check --disable host "$f"
	[ "$status" -eq "$want" ] || fail "$f: status $status" "$output"
	for code; do
		assert_contains "$output" "[$code]"
	done
}

@test "corpus: what an expert would say of them" {
	[ -d "$corpus" ] || skip "no files beside the tree"
	said 01-kira41-strict-routing.conf 78 two-groups lost-backslash \
	    broken-line character-class hidden-pattern cold-without-virtual-mta
	said 02-awab-sample-default.conf 78 missing-argument
	said 03-sparkypmtatracking.conf 78 missing-argument
	said 04-bouncy-sink.conf 0 no-effect
	said 05-proxyxoauth2.conf 78 invented-directive unreachable-domain
	said 06-macrob-main.conf 0 repeated-directive
	said 07-macrob-domains.conf 0 retry-past-expiry unknown-list
	said 09-macrob-mailer-main-vmtas.conf 78 template
	said 10-macrob-mx-rollup-list.conf 0 repeated-section
	said 11-macrob-smtp-pattern-list.conf 0 hidden-pattern
	said 12-macrob-virtual-mta.conf 78 template unknown-macro empty-pool
	said 17-alkhadher-mini.conf 0
	said 19-alkhadher-raw.conf 0
	said 21-zhanqun.conf 78 template absurd-value unknown-category \
	    broken-line
	said 29-macrob-bounce-category-patterns.conf 0 broken-line
}

@test "corpus: what is right prints to the same" {
	local f n=0
	[ -d "$corpus" ] || skip "no files beside the tree"
	for f in "$corpus"/*.conf; do
		vmta-conf-check --print "$f" >one 2>/dev/null || continue
		vmta-conf-check --print one >two
		diff one two
		diff <(vmta-conf-check --effective gmail.com "$f" | cut -f1-4) \
		    <(vmta-conf-check --effective gmail.com one | cut -f1-4)
		n=$((n + 1))
	done
	[ "$n" -ge 5 ]
}
