#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../../lib/common

@test "directives: one row a directive, with a header on request" {
	run --separate-stderr vmta-conf-check -H --directives
	assert_run 0 '*'
	assert_eq "directive	aliases	sections	value	range	default	effect	meaning	instead" \
	    "${lines[0]}"
	assert_match "$output" '^max-msg-rate	-	<domain>	RATE	-	unlimited	acts	'
}

@test "directives: of one section alone" {
	run --separate-stderr vmta-conf-check --directives acct-file
	assert_run 0 '*'
	assert_match "$output" '^rotate	'
	assert_lacks "$output" $'\nmax-msg-rate\t'
	run --separate-stderr vmta-conf-check --directives nonsense
	assert_run 64 "" '*'
}

@test "directives: every one that acts is in vmta.conf(5), with its default" {
	local name dflt page=$ROOT/man/vmta.conf.5
	vmta-conf-check --directives |
	    awk -F'\t' '$7 == "acts" { print $1 "\t" $6 }' >rows
	[ "$(wc -l <rows)" -gt 40 ]
	while IFS=$'\t' read -r name dflt; do
		grep -Eq "^\.It Ic $name( |$)" "$page" ||
		    fail "$name is not in vmta.conf(5)"
		[ "$dflt" = - ] && continue
		awk -v n="$name" -v d="$dflt" '
			/^\.It Ic/ { here = $3 == n }
			here && /^\.Dq|^Default|\.Li/ && index($0, d) { ok = 1 }
			END { exit !ok }' "$page" ||
		    fail "the default $dflt of $name is not in vmta.conf(5)"
	done <rows
}

@test "directives: what has no effect yet is not described as acting" {
	local name acting
	acting=$(vmta-conf-check --directives |
	    awk -F'\t' '$7 == "acts" { print $1 }')
	sed -n 's/^\.It Ic \([a-z0-9-]*\).*/\1/p' "$ROOT/man/vmta.conf.5" \
	    >described
	[ "$(wc -l <described)" -gt 40 ]
	while read -r name; do
		grep -qx -- "$name" <<<"$acting" ||
		    fail "$name has no effect but stands in vmta.conf(5)"
	done <described
}

@test "directives: the table of vmta.conf(5) is what the program says" {
	vmta-conf-check --directives --format tsv |
	    awk -f "$ROOT/man/directives.awk" >want
	[ "$(wc -l <want)" -gt 450 ]
	sed -n '/^\.\\" begin: man\/directives.awk/,/^\.\\" end: /p' \
	    "$ROOT/man/vmta.conf.5" | sed '1d;$d' >page
	diff page want
}

# The literal blocks of a page's EXAMPLES, in files example1, example2 ...
examples() {
	awk '
	    /^\.Sh/ { on = $2 == "EXAMPLES" }
	    on && /^\.Bd -literal/ { n++; take = 1; next }
	    /^\.Ed/ { take = 0 }
	    take { gsub(/\\e/, "\\"); print > ("example" n) }' "$1"
}

@test "pages: the examples of vmta.conf(5) are right" {
	local i
	examples "$ROOT/man/vmta.conf.5"
	[ -s example2 ]
	for i in 1 2; do
		run --separate-stderr vmta-conf-check -q --disable host "example$i"
		assert_run 0
	done
	run --separate-stderr vmta-conf-check --effective gmail.com/warm example1
	assert_run 0 '*'
	assert_match "$output" 'max-smtp-out	40	example1:17'
}

@test "pages: the examples of vmta-conf-check(1) work" {
	local i
	printf '<virtual-mta fast>\nmax-smtp-out 3\n</virtual-mta>\nfrob 1\n' \
	    >"$CONF"
	examples "$ROOT/man/vmta-conf-check.1"
	[ -s example5 ]
	cp "$CONF" vmta.conf.wrong
	run --separate-stderr bash example5
	assert_run 0 '      1 unknown-directive' '*'
	sed -i '/frob/d' "$CONF"
	run --separate-stderr bash example1
	assert_run 0 '' '*'
	run --separate-stderr bash example2
	assert_run 0 "gmail.com/fast	virtual-mta	max-smtp-out	3	$CONF:2	unlimited default"
	run --separate-stderr bash example3
	assert_run 0 "$SPOOL: activated, serial 1"
	run --separate-stderr bash example4
	assert_run 0 '*'
	assert_match "$output" '^iso-times	yes\|no	yes$'
}

@test "pages: -h says what the SYNOPSIS says" {
	local usage
	usage=$(vmta-conf-check -h | tr -s ' \n\t' ' ' |
	    sed 's/^usage: //;s/ $//')
	assert_eq "$usage" "$(mandoc -T ascii "$ROOT/man/vmta-conf-check.1" |
	    col -b | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | sed '1d;$d' |
	    tr -s ' \n\t' ' ' | sed 's/^ //;s/ $//')"
}

@test "pages: every code is in vmta-conf-check(1)" {
	local code
	sed -n 's/^CONF_CODE("\([a-z0-9-]*\)".*/\1/p' \
	    "$ROOT/lib/conf/codes.def" | sort >codes
	[ "$(wc -l <codes)" -gt 80 ]
	while read -r code; do
		grep -Eq "^\.It Li (.* )?$code( |$)" \
		    "$ROOT/man/vmta-conf-check.1" || fail "$code"
	done <codes
}

@test "pages: every code that is used is in the table of codes" {
	local code
	cat "$ROOT"/lib/conf/*.c "$ROOT"/cmd/vmta-conf-check/*.c |
	    tr -s '\n\t ' ' ' |
	    grep -oE '(ERROR\(p, |cursor_bad\(c, |DIAG_[A-Z]+, |LINT_[A-Z]+\(l, s, |say\(l, p, )[^";]*"[a-z0-9-]+"' |
	    sed 's/"$//;s/.*"//' | sort -u >used
	[ "$(wc -l <used)" -gt 60 ]
	while read -r code; do
		grep -q "^CONF_CODE(\"$code\"," "$ROOT/lib/conf/codes.def" ||
		    fail "$code"
	done <used
}
