#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-send and the DNS: where mail goes (RFC 5321 5.1, RFC 7505).
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load send

setup() {
	common_setup
	need vmta-sink vmta-queue vmta-throttle vmta-send
	command -v python3 >/dev/null || skip "python3 is needed"
}

# by_mx [SETTING...]: all by MX, at the port of the first sink.
by_mx() {
	{
		printf 'name-server 127.0.0.1:%s\n<domain *>\n' "$DNS_PORT"
		printf '  default-smtp-port %s\n' "$SINK_PORT"
		printf '  %s\n' "$@"
		printf '</domain>\n'
	} | spool_conf
}

# Sinks on several addresses with one port.
sinks() {
	sink_start first
	local a
	for a; do
		sink_start "at-$a" --listen "$a:$SINK_PORT"
	done
	SINK_PORT=$(sink_port first)
}

taken() {
	sink_rows "$1" | cut -f7 | sort | xargs
}

@test "dns: the most preferred host first, then the others, then the domain itself" {
	sinks 127.0.0.2 127.0.0.3
	dns_start <<-'EOF'
	pref.test   MX    20 b.test
	pref.test   MX    10 a.test
	down.test   MX    10 nobody.test
	down.test   MX    20 b.test
	plain.test  A     127.0.0.3
	alias.test  CNAME pref.test
	a.test      A     127.0.0.1
	b.test      A     127.0.0.2
	nobody.test A     127.0.0.9
	EOF
	by_mx
	queued 1@pref.test 2@down.test 3@plain.test 4@alias.test
	pipeline -q >events
	assert_eq 4 "$(event type | grep -c d)"
	assert_eq "1@pref.test 4@alias.test" "$(taken first)"
	assert_eq "2@down.test" "$(taken at-127.0.0.2)"
	assert_eq "3@plain.test" "$(taken at-127.0.0.3)"
	assert_eq "1@pref.test a.test 127.0.0.1
2@down.test b.test 127.0.0.2
3@plain.test plain.test 127.0.0.3
4@alias.test a.test 127.0.0.1" \
	    "$(paste -d ' ' <(event rcpt) <(event mta) <(event dest) | sort)"
}

@test "dns: what can't be delivered bounces, what may change waits" {
	sink_start sink
	dns_start <<-'EOF'
	null.test   MX    0 .
	fail.test   RCODE SERVFAIL
	empty.test  CNAME nothing.test
	nothing.test A 0.0.0.0
	lost.test   MX    10 none.lost.test
	EOF
	by_mx 'retry-after-dns-error 1h' 'retry-after 2h'
	queued 1@null.test 2@missing.test 3@fail.test 4@lost.test 5@empty.test
	pipeline -q >events
	assert_eq "1@null.test b 5.1.10 556
2@missing.test b 5.1.2 000
3@fail.test t 4.4.3 000
4@lost.test t 4.4.4 000
5@empty.test b 5.4.4 000" "$(paste -d ' ' <(event rcpt) <(event type) \
	    <(event status) <(event code) | sort)"
	assert_match "$(event diag)" '^x-vmta;the domain missing.test does not exist$'
	assert_match "$(event diag)" '^x-vmta;556 the domain null.test accepts no mail \(null MX\)$'
	assert_match "$(event diag)" '^x-vmta;cannot look up fail.test: name server failure$'
	# DNS errors have a retry time of their own
	vmta-queue list -H >list.tsv
	now=$(date +%s)
	assert_eq "3@fail.test 1
4@lost.test 2" "$(paste <(column rcpt <list.tsv) <(event next | grep -v '^-' | sort -n) |
	    awk -v now="$now" '{ printf "%s %.0f\n", $1, ($2 - now) / 3600 }' | sort)"
}

@test "dns: bounce-upon-no-mx asks for MX records" {
	sink_start sink
	dns_start <<-'EOF'
	plain.test  A  127.0.0.1
	EOF
	by_mx 'bounce-upon-no-mx yes'
	queued 1@plain.test
	pipeline -q >events
	assert_eq "b 5.4.4" "$(paste -d ' ' <(event type) <(event status))"
	assert_eq "" "$(sink_rows sink)"
}

@test "dns: smtp-hosts are looked up, with MX where it says so" {
	sinks 127.0.0.2
	dns_start <<-'EOF'
	relay.test  A   127.0.0.2
	relay.test  MX  5 mx.relay.test
	mx.relay.test A 127.0.0.1
	EOF
	{
		printf 'name-server 127.0.0.1:%s\n' "$DNS_PORT"
		printf '<domain *>\n  default-smtp-port %s\n' "$SINK_PORT"
		printf '  smtp-hosts relay.test\n</domain>\n'
		printf '<domain b.test>\n  smtp-hosts lookup-mx:relay.test\n</domain>\n'
		printf '<domain c.test>\n  smtp-hosts no.such.test\n</domain>\n'
	} | spool_conf
	queued 1@a.test 2@b.test 3@c.test
	pipeline -q >events
	assert_eq "2@b.test" "$(taken first)"
	assert_eq "1@a.test" "$(taken at-127.0.0.2)"
	# what the operator wrote down is no reason to bounce
	assert_eq t "$(grep 3@c.test events | cut -f2)"
}

@test "dns: a domain of a collective queue fails alone" {
	sink_start sink
	dns_start <<-'EOF'
	good.test  MX  10 mx.good.test
	mx.good.test A 127.0.0.1
	bad.test   RCODE SERVFAIL
	EOF
	{
		printf 'name-server 127.0.0.1:%s\n' "$DNS_PORT"
		printf 'domain-macro both good.test, bad.test\n'
		# shellcheck disable=SC2016 # a macro
		printf '<domain $both>\n  default-smtp-port %s\n</domain>\n' "$SINK_PORT"
	} | spool_conf
	queued {1..3}@bad.test {1..3}@good.test
	pipeline -q >events
	assert_eq 3 "$(event type | grep -c d)"
	assert_eq 1 "$(event type | grep -c t)"
	# shellcheck disable=SC2016 # a queue's name
	assert_eq '$both/{default}' "$(event queue | sort -u)"
	queued 4@good.test
	pipeline -q >events
	assert_eq "4@good.test d" "$(paste -d ' ' <(event rcpt) <(event type))"
}

@test "dns: an address literal needs no name server" {
	sink_start sink
	DNS_PORT=$(closed_port)
	by_mx
	queued 'a@[127.0.0.1]'
	pipeline -q >events
	assert_eq d "$(event type)"
}
