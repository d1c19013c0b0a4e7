#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016 # $NAME is the configuration's
bats_require_minimum_version 1.5.0
load ../../lib/common

a_file() {
	mkdir -p parts
	printf '<domain $m>\n  max-msg-rate 60/60m\n</domain>\n' >parts/m.conf
	cat >"$CONF" <<-E
		# a comment
		spool $SPOOL
		domain-macro m gmail.com,
		  googlemail.com
		include parts/*.conf
		<virtual-mta Fast>
		  smtp-source-host 127.0.0.2 fast.example.com
		  MAX-SMTP-OUT 50
		  <domain "gmail.com">
		    retry-after 600, 1h
		    ignore-pipelining TRUE
		  </domain>
		</virtual-mta>
		<virtual-mta-pool p>
		  virtual-mta fast
		  <domain *>
		    bounce-after 86400
		  </domain>
		</virtual-mta-pool>
	E
}

# The values of a queue without their places.
values() {
	vmta-conf-check --effective "$2" "$1" | cut -f1-4
}

@test "print: what is printed parses to the same" {
	local q
	a_file
	vmta-conf-check --print "$CONF" >printed
	vmta-conf-check --print printed >again
	diff printed again
	for q in gmail.com/fast googlemail.com/fast x.example '$m' '$m/p'; do
		diff <(values "$CONF" "$q") <(values printed "$q")
	done
	grep -qx '  max-smtp-out 50' printed
	grep -qx '    ignore-pipelining yes' printed
	run ! grep -q include printed
	run ! grep -q '#' printed
}

@test "print: a wrong file is not printed" {
	printf 'frob\n' >"$CONF"
	run --separate-stderr vmta-conf-check --print "$CONF"
	assert_run 78 '*' '*'
	assert_contains "$output" unknown-directive
}

@test "diff: nothing where only the form differs" {
	a_file
	vmta-conf-check --print "$CONF" >printed
	run --separate-stderr vmta-conf-check --diff "$CONF" printed
	assert_run 0
}

@test "diff: the values that change in a queue, and where they stand" {
	a_file
	vmta-conf-check --print "$CONF" >new
	sed -i 's/max-msg-rate 60\/h/max-msg-rate 90\/h/' new
	run --separate-stderr vmta-conf-check -H --diff "$CONF" new
	[ "$status" -eq 1 ]
	assert_eq 'queue	scope	directive	old	new	from	to' "${lines[0]}"
	assert_match "$output" \
	    '\$m/\{default\}	queue	max-msg-rate	60/h	90/h	.*parts/m.conf:2	new:[0-9]+$'
	assert_match "$output" '\$m/Fast	queue	max-msg-rate	60/h	90/h'
	# not in the group, as Fast has a section for it
	assert_match "$output" 'gmail.com/Fast	queue	max-msg-rate	60/h	90/h'
	assert_eq 5 "${#lines[@]}"
}

@test "effective: what a value comes before" {
	printf '<domain *>\nmax-smtp-out 3\n</domain>\n<domain a.example>\nmax-smtp-out 4\n</domain>\n' \
	    >"$CONF"
	run --separate-stderr vmta-conf-check --effective a.example "$CONF"
	assert_match "$output" "max-smtp-out	4	$CONF:5	3 $CONF:2, 20 default"
}
