#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The manual page of vmta-throttle says what it does.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load throttle

page=$ROOT/man/vmta-throttle.1

# The literal blocks of EXAMPLES, in files example1, example2 ...
examples() {
	awk -v dir="$T" '
	    /^\.Sh/ { on = $2 == "EXAMPLES" }
	    on && /^\.Bd -literal/ { n++; take = 1; next }
	    /^\.Ed/ { take = 0 }
	    take { gsub(/\\e/, "\\"); print > (dir "/example" n) }' "$1"
}

@test "man: every example of vmta-throttle(1) works" {
	local nr
	need vmta-send vmta-acct
	printf '<domain *>\n  smtp-hosts [127.0.0.1]:1\n</domain>\n' >>"$CONF"
	sed -i 's/whole/warmup-pool/' "$CONF"
	examples "$page"
	[ -s example5 ]
	[ ! -e example6 ]
	echo b@example.com >engaged.txt
	# the first one, which may take its 65 seconds, ends early without mail
	for nr in 1 4 2 3 5; do
		run --separate-stderr timeout 60 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
		case $nr in
		1) queued warmup-pool {a..f}@example.com ;;
		4)
			assert_eq '      4 warmup-pool;127.0.0.4' "$output"
			vmta-queue ready | vmta-throttle -q >/dev/null
			;;
		2) assert_match "$output" '^vmta:warmup-pool +4/h +4 +0 ' ;;
		3) assert_match "$output" '^vmta:warmup-pool [0-9]+$' ;;
		esac
	done
}

@test "man: synopsis and -h name the same options, each is described" {
	local opt
	run --separate-stderr vmta-throttle -h
	assert_run 0 '*'
	run --separate-stderr vmta-throttle show -h
	assert_run 0 '*'
	for opt in for; do
		grep -q -- "--$opt" <<<"$(vmta-throttle -h)"
		awk '/^\.Sh SYN/ { on = 1 } /^\.Sh DESC/ { on = 0 } on' "$page" |
		    grep -q "Fl -$opt"
		grep -q "^\.It Fl -$opt" "$page"
	done
	grep -o 'Fl -[a-z-]*' "$page" | sort -u | while read -r _ opt; do
		vmta-throttle -h | grep -qF -- "-$opt" ||
		    fail "$opt: the program has no such option" || exit 1
	done
}
