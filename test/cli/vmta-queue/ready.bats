#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue ready: what is due, as job lines.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

@test "ready: an empty spool prints nothing and ends with 0" {
	run --separate-stderr vmta-queue ready
	assert_run 0
	run --separate-stderr vmta-queue ready -H
	assert_run 0 "$(printf '%s\t' id locator version grant priority due \
	    attempts size queue domain vmta sender rcpt job)source"
}

@test "ready: one line a record, fifteen columns, none empty" {
	message | vmta-queue add -f s@sender.test --vmta fast --job nov \
	    a@Example.com x@hotmail.com >ids
	run --separate-stderr vmta-queue ready
	assert_run 0 '*'
	assert_eq 2 "${#lines[@]}"
	awk -F '\t' 'NF != 15 { exit 1 }
	    { for (i = 1; i <= NF; i++) if ($i == "") exit 1 }' <<<"$output"
	assert_eq "$(sort ids | cut -f1)" "$(cut -f1 <<<"$output" | sort)"
	vmta-queue ready -H >out
	assert_eq 'example.com/fast' "$(column queue <out | sed -n 1p)"
	assert_eq "\$ms/fast" "$(column queue <out | sed -n 2p)"
	assert_eq $'example.com\nhotmail.com' "$(column domain <out)"
	assert_eq $'nov\nnov' "$(column job <out)"
	assert_eq $'-\n-' "$(column grant <out)"
	assert_eq $'a@example.com\nx@hotmail.com' "$(column rcpt <out)"
}

@test "ready: listing changes nothing, it can be done again" {
	add_message a@example.com
	first=$(vmta-queue ready)
	assert_eq "$first" "$(vmta-queue ready)"
}

@test "ready: highest priority first, in turn over queues" {
	for d in a b; do
		for i in 1 2 3; do
			add_message "$i@$d.example" --vmta slow
		done
	done
	add_message urgent@a.example --vmta slow --priority 90
	add_message last@a.example --vmta slow --priority 10
	vmta-queue ready -H >out
	assert_eq urgent@a.example "$(column rcpt <out | head -1)"
	assert_eq last@a.example "$(column rcpt <out | tail -1)"
	# of the six others no queue has two in a row
	assert_eq 6 "$(column queue <out | sed '1d;$d' | uniq | wc -l)"
}

@test "ready: patterns, --job and -l choose" {
	add_message a@example.com --vmta fast --job one
	add_message b@example.org --vmta slow --job two
	add_message x@hotmail.com --vmta slow --job two
	assert_eq a@example.com "$(vmta-queue ready -H '*/fast' | column rcpt)"
	assert_eq b@example.org "$(vmta-queue ready -H 'Example.ORG/*' |
	    column rcpt)"
	assert_eq x@hotmail.com "$(vmta-queue ready -H "\$ms/*" | column rcpt)"
	assert_eq x@hotmail.com "$(vmta-queue ready -H group:ms/slow |
	    column rcpt)"
	assert_eq 2 "$(vmta-queue ready --job two | wc -l)"
	assert_eq 1 "$(vmta-queue ready --job two example.org/slow | wc -l)"
	assert_eq 1 "$(vmta-queue ready -l 1 | wc -l)"
	assert_eq 2 "$(vmta-queue ready 'example.com/*' 'example.org/*' | wc -l)"
	run --separate-stderr vmta-queue ready 'nobody.example/*'
	assert_run 0
}

@test "ready: a pattern with no domain is refused with a hint" {
	run --separate-stderr vmta-queue ready /slow
	assert_run 64 '' '*'
	assert_contains "$stderr" 'group:name'
	run --separate-stderr vmta-queue ready -l 0
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue ready -l x
	assert_run 64 '' '*'
}

@test "ready: a reader that goes away is an ordinary end" {
	awk 'BEGIN { for (i = 1; i <= 5000; i++)
		printf "MAIL FROM:<s@x>\nRCPT TO:<u%d@d%d.example>\nDATA\n" \
		    "Subject: %d\n\nx\n.\n", i, i % 10, i }' |
	    vmta-queue add -q --bsmtp
	{ rc=0; vmta-queue ready 2>err || rc=$?; echo "$rc" >rc; } | head -1 >one
	assert_eq 1 "$(wc -l <one)"
	assert_eq 0 "$(cat rc)"
	assert_eq '' "$(cat err)"
	assert_eq 5000 "$(vmta-queue ready | wc -l)"
}

@test "ready: a full device is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	add_message a@example.com
	run --separate-stderr sh -c 'vmta-queue ready >/dev/full'
	assert_run 74 '' '*'
	assert_contains "$stderr" 'standard output'
}

@test "ready: other formats have the same names" {
	add_message a@example.com
	run --separate-stderr vmta-queue ready --json
	assert_run 0 '*'
	assert_match "$output" '"rcpt":"a@example.com"'
	assert_match "$output" '"source":null|"source":"-"'
	run --separate-stderr vmta-queue ready --format csv
	assert_match "${lines[0]}" '^id,locator,version,grant,'
}

@test "ready: a record of a virtual MTA that is gone is not listed" {
	add_message a@example.com --vmta slow
	add_message b@example.com --vmta fast
	spool_conf <<-'EOF'
	<virtual-mta fast>
	</virtual-mta>
	EOF
	vmta-conf-check --activate -q
	run --separate-stderr vmta-queue ready -H
	assert_eq b@example.com "$(column rcpt <<<"$output")"
	assert_contains "$stderr" slow
	assert_eq 2 "$(records)"
}

@test "ready: a newer configuration file is noted, the running one is used" {
	add_message a@example.com --vmta slow
	echo 'bounce-after 3d' >>"$CONF"
	run --separate-stderr vmta-queue ready
	assert_run 0 '*' '*'
	assert_match "$stderr" 'is newer than the running configuration'
	run --separate-stderr vmta-queue ready -q
	assert_run 0 '*'
}
