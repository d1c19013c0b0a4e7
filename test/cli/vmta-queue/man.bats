#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The manual pages of vmta-queue say what it does.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

page=$ROOT/man/vmta-queue.1

# The literal blocks of EXAMPLES, in files example1, example2 ...
examples() {
	awk -v dir="$T" '
	    /^\.Sh/ { on = $2 == "EXAMPLES" }
	    on && /^\.Bd -literal/ { n++; take = 1; next }
	    /^\.Ed/ { take = 0 }
	    on && /^\.Dl/ { n++; sub(/^\.Dl /, ""); print > (dir "/example" n) }
	    take { gsub(/\\e/, "\\"); print > (dir "/example" n) }' "$1"
}

@test "man: every example of vmta-queue(1) works" {
	local nr
	need vmta-throttle vmta-send vmta-acct
	printf '<domain *>\n  smtp-hosts [127.0.0.1]:1\n</domain>\n' >>"$CONF"
	message >message
	printf '%s\n' 'MAIL FROM:<s@x.test>' 'RCPT TO:<a@example.com>' DATA \
	    'X-Job: november' 'Subject: one' '' text . QUIT >stream
	examples "$page"
	[ -s example7 ]
	[ ! -e example8 ]
	for nr in 1 2 3 4 5 6 7; do
		run --separate-stderr timeout 60 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
		case $nr in
		1) assert_eq 2 "${#lines[@]}" ;;
		2) assert_contains "$output" reader@example.com ;;
		3) assert_eq 4 "$(records)" ;;
		5) assert_contains "$output" '2 example.com' ;;
		6) assert_contains "$output" 'they asked us to' ;;
		7) assert_contains "$output" 'Subject: one' ;;
		esac
	done
}

@test "man: the examples of vmta-job(5) work" {
	local nr
	need vmta-throttle vmta-send vmta-acct
	printf '<domain *>\n  smtp-hosts [127.0.0.1]:1\n</domain>\n' >>"$CONF"
	add_message a@example.com
	examples "$ROOT/man/vmta-job.5"
	[ -s example3 ]
	for nr in 1 2 3; do
		run --separate-stderr timeout 60 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
	done
	assert_eq 1 "$(records)"
}

@test "man: synopsis and -h name the same options, each is described" {
	local cmd opt
	for cmd in accept-clock add cat list pause ready resume show; do
		run --separate-stderr vmta-queue "$cmd" -h
		assert_run 0 '*'
		for opt in $(grep -o -- '--[a-z-]*' <<<"$output" | sort -u); do
			awk '/^\.Sh SYN/ { on = 1 } /^\.Sh DESC/ { on = 0 } on' \
			    "$page" | grep -q -- "Fl -${opt#--}\( \|\$\)" ||
			    fail "$opt: not in the synopsis" || return 1
			awk '/^\.Sh DESC/ { on = 1 } on' "$page" |
			    grep -q -- "Fl -${opt#--}\( \|\$\)" ||
			    fail "$opt: not described" || return 1
		done
	done
	grep -o 'Fl -[a-z-]*' "$page" | sort -u | while read -r _ opt; do
		grep -rqF -- "\"${opt#-}\"" "$ROOT/cmd/vmta-queue" ||
		    fail "$opt: the program has no such option" || exit 1
	done
}

@test "man: the columns that are documented are those that are printed" {
	local table
	vmta-queue ready
	for table in list 'show queues' 'show pauses' 'show vmtas'; do
		# shellcheck disable=SC2086 # words
		for col in $(vmta-queue $table -H | head -1); do
			grep -Eq "^\.(It )?Li .*$col|^\.Li .*$col" "$page" ||
			    fail "$table: $col is not documented" || return 1
		done
	done
	for col in $(vmta-queue ready -H); do
		grep -q "^\.It Cm $col\$" "$ROOT/man/vmta-job.5" ||
		    fail "$col is not documented" || return 1
	done
}
