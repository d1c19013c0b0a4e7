#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# share/demo, share/examples and test/bench, in short.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../lib/common

setup() {
	common_setup
	need vmta-conf-check vmta-queue vmta-throttle vmta-send vmta-acct \
	    vmta-sink
	export TMPDIR=$T/tmp VMTA_BIN=$BIN
	mkdir "$TMPDIR"
}

# The numbers of "injected A = delivered B + bounced C + queued D".
sum_line() {
	sed -n 's/^injected \([0-9]*\) = delivered \([0-9]*\) + bounced'`
	    `' \([0-9]*\) + queued \([0-9]*\) .*/\1 \2 \3 \4/p' <<<"$output"
}

@test "demo: all that was injected is delivered, bounced or queued" {
	run --separate-stderr timeout 100 "$ROOT/share/demo/run" \
	    --readers 600 --runs 2 --every 2
	assert_run 0 '*' ''
	read -r injected delivered bounced queued < <(sum_line)
	assert_eq 600 "$injected" injected
	assert_eq 600 "$((delivered + bounced + queued))" sum
	[ "$delivered" -gt 300 ]
	[ "$bounced" -gt 0 ]
	[ "$queued" -gt 0 ]
	assert_lacks "$output" WRONG
	assert_eq 7 "$(grep -c ' OK$' <<<"$output")" checks
	assert_eq '' "$(ls "$TMPDIR")" 'left behind'
}

@test "demo: --keep leaves the spool, in which the rest waits" {
	run --separate-stderr timeout 100 "$ROOT/share/demo/run" --keep \
	    --readers 200 --runs 1 --every 1
	assert_run 0 '*' ''
	dir=$(sed -n 's/^kept: //p' <<<"$output")
	[ -d "$dir/spool/queue" ]
	read -r _ _ _ queued < <(sum_line)
	run --separate-stderr vmta-queue list --spool "$dir/spool" \
	    -C "$dir/vmta.conf"
	assert_run 0 '*' ''
	assert_eq "$queued" "${#lines[@]}" 'lines of list'
}

@test "demo: wrong arguments" {
	run --separate-stderr "$ROOT/share/demo/run" --readers none
	assert_run 64 '' '*'
	assert_contains "$stderr" usage
	run --separate-stderr "$ROOT/share/demo/run" --bogus
	assert_run 64 '' '*'
}

@test "bench: the quick mode runs them all and leaves nothing behind" {
	command -v "${CC:-cc}" >/dev/null || skip 'no compiler'
	run --separate-stderr timeout 200 "$ROOT/test/bench/run" --quick
	assert_run 0 '*' ''
	assert_match "$output" '^inject, messages/s +[0-9]+ +[0-9]+ +[0-9.]+ '
	for n in 10 50; do
		assert_match "$output" \
		    "^drain, $n connections, CPU seconds +[0-9.]+ +[0-9.]+ +[0-9.]+ "
	done
	assert_match "$output" '^ready, [0-9]+ records, seconds +[0-9.]+ '
	assert_eq '' "$(ls "$TMPDIR")" 'left behind'
}

@test "bench: an unknown name is refused" {
	run --separate-stderr "$ROOT/test/bench/run" nothing
	assert_run 64 '' '*'
	assert_eq '' "$(ls "$TMPDIR")" 'left behind'
}

@test "examples: the configuration is accepted as it stands" {
	run vmta-conf-check "$ROOT/share/examples/vmta.conf"
	[ "$status" -eq 0 ] || fail "$output"
	assert_lacks "$output" ': error:'
}

@test "examples: bsmtp.awk fills in a message and stuffs its dots" {
	printf 'To: {{name}} <{{rcpt}}>\nSubject: x\n\n.a {{id}}\n.\nb & \\c\n' \
	    >m.eml
	printf '%s\t%s\t%s\t%s\n' a@x.test 'A & B' 1 fast b@y.test B 2 '' >r.tsv
	run --separate-stderr awk -f "$ROOT/share/examples/bsmtp.awk" \
	    -v sender='n+{{id}}@s.test' -v job=j m.eml r.tsv
	assert_run 0 "$(cat <<-'END'
		MAIL FROM:<n+1@s.test>
		RCPT TO:<a@x.test>
		DATA
		X-Virtual-MTA: fast
		X-Job: j
		To: A & B <a@x.test>
		Subject: x

		..a 1
		..
		b & \c
		.
		MAIL FROM:<n+2@s.test>
		RCPT TO:<b@y.test>
		DATA
		X-Job: j
		To: B <b@y.test>
		Subject: x

		..a 2
		..
		b & \c
		.
		QUIT
	END
	)"
	run --separate-stderr awk -f "$ROOT/share/examples/bsmtp.awk" \
	    -v only=b@y.test m.eml r.tsv
	assert_run 0 $'To: B <b@y.test>\nSubject: x\n\n.a 2\n.\nb & \\c'
}
