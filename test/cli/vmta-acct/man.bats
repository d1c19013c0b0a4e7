# SPDX-License-Identifier: ISC
# The manual pages of vmta-acct say what it does.
# shellcheck disable=SC2154 # set by run

bats_require_minimum_version 1.5.0
load ../../lib/common
load acct

page=$ROOT/man/vmta-acct.1
format=$ROOT/man/vmta-acct.5

setup() {
	acct_setup
}

# The literal blocks of EXAMPLES, in files example1, example2 ...
examples() {
	awk -v dir="$T" '
	    /^\.Sh/ { on = $2 == "EXAMPLES" }
	    on && /^\.Bd -literal/ { n++; take = 1; next }
	    /^\.Ed/ { take = 0 }
	    take { gsub(/\\e/, "\\"); print > (dir "/example" n) }' "$1"
}

@test "man: every example of vmta-acct(1) works" {
	need vmta-queue vmta-throttle vmta-send
	examples "$page"
	[ -s example5 ]
	[ ! -e example6 ]
	journal 1 1 9 type=d,d,b
	for nr in 1 2 3 4 5; do
		run --separate-stderr timeout 60 bash -e "example$nr"
		assert_run 0 '*' '*' || fail "example $nr" || return 1
		case $nr in
		1) each_once 9 ;;
		3) assert_contains "$output" "$OUT/acct.csv" ;;
		4) assert_eq 'time,rcpt,status,dsnDiag' "$output" ;;
		5) assert_eq 'j1 b 3
j1 d 6' "$(sort <<<"$output")" ;;
		esac
	done
}

@test "man: every example of vmta-acct(5) works" {
	examples "$format"
	[ -s example3 ]
	[ ! -e example4 ]
	{
		printf '<spool %s>\n</spool>\n' "$SPOOL"
		sed "s|/var/log/pmta|$OUT|" example1
	} >"$CONF"
	need vmta-conf-check
	vmta-conf-check --activate -q
	journal 1 1 9 type=d,d,b
	vmta-acct -q --once
	assert_eq 'time,type,vmta,domain,rcpt,status,dsn-status,size' \
	    "$(head -n 1 "$FILE")"
	spool_conf <<<"<acct-file $OUT/all.csv>
</acct-file>"
	vmta-conf-check --activate -q
	journal 2 10 12 type=b time=1795435267
	vmta-acct -q --once
	mv "$OUT/all-$DAY-0000.csv" "acct-$DAY-0000.csv"
	run --separate-stderr bash -e example2
	assert_run 0 '3 example.com/fast smtp;550 5.1.1 no such user'
	cd "$SPOOL"
	run --separate-stderr bash -e "$T/example3"
	assert_run 0 '1795435200 6'
}

@test "man: synopsis and -h say the same, every option is described" {
	run --separate-stderr vmta-acct -h
	assert_run 0 '*'
	assert_eq "$(sed 's/^usage: //' <<<"$output" | tr -s ' \n' ' ')" \
	    "$(mandoc -T ascii "$page" | sed 's|.\x08||g' | awk '
	    /^SYNOPSIS/ { on = 1; next } /^DESCRIPTION/ { on = 0 }
	    on' | tr -s ' \n' ' ' | sed 's/^ //')"
	for opt in $(grep -o -- '--[a-z]*' <<<"$output" | sort -u); do
		awk '/^\.Sh DESC/ { on = 1 } on' "$page" |
		    grep -q -- "Fl -${opt#--}\( \|\$\)" ||
		    fail "$opt: not described" || return 1
	done
}

@test "man: every column of files and counters is described" {
	run --separate-stderr vmta-acct --columns
	assert_run 0 '*'
	[ "${#lines[@]}" -gt 50 ]
	for name in "${lines[@]%%$'\t'*}"; do
		grep -qx "\.It Cm $name" "$format" ||
		    fail "$name: not described" || return 1
	done
	journal 1 1 1
	vmta-acct -q --once
	for name in $(head -n 1 "$SPOOL/stats/$DAY.tsv"); do
		awk '/^\.Sh STAT/ { on = 1 } /^\.Sh CHECK/ { on = 0 } on' \
		    "$format" | grep -qx "\.It Cm $name" ||
		    fail "$name: not described" || return 1
	done
}
