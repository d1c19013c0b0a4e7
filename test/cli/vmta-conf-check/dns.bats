#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# --dns against a name server of our own.
bats_require_minimum_version 1.5.0
load ../../lib/common

# dns_start: serve the file "zone"; its address is in $DNS.
dns_start() {
	rm -f dns.out
	start_bg dns python3 "$ROOT/test/fake/records.py" zone
	wait_for 10 test -s dns.out || fail "$(cat dns.err)"
	DNS=$(cat dns.out)
}

# Two sources and a key, all of it right.
right() {
	local public
	openssl genrsa -out key.pem 2048 2>/dev/null
	chmod 600 key.pem
	public=$(openssl rsa -in key.pem -pubout -outform DER 2>/dev/null |
	    base64 -w0)
	cat >zone <<-E
		25.2.0.192.in-addr.arpa PTR mail.example.net
		26.2.0.192.in-addr.arpa PTR other.example.net
		mail.example.net A 192.0.2.25
		other.example.net A 192.0.2.99
		mail2.example.net A 192.0.2.26
		sender.example MX 10 mx.example.net
		sender.example TXT v=spf1 include:spf.example.net -all
		spf.example.net TXT v=spf1 ip4:192.0.2.0/28 a:mail.example.net ~all
		s1._domainkey.sender.example TXT v=DKIM1; k=rsa; p=$public
		_dmarc.sender.example TXT v=DMARC1; p=reject
		_mta-sts.sender.example TXT v=STSv1; id=7
		_25._tcp.mx.example.net TLSA 3 1 1 00ff
		26.2.0.192.bl.example.net A 127.0.0.2
		25.2.0.192.bl.example.net TXT just a name
	E
	dns_start
	cat >"$CONF" <<-E
		name-server $DNS
		domain-key s1, sender.example, $T/key.pem
		<virtual-mta a>
		  smtp-source-host 192.0.2.25 mail.example.net
		</virtual-mta>
	E
}

# row CHECK SUBJECT VERDICT: the output has it.
row() {
	awk -F'\t' -v c="$1" -v s="$2" -v v="$3" \
	    '$1 == c && $2 == s && $3 == v { ok = 1 } END { exit !ok }' \
	    <<<"$output" || fail "no $* in" "$output"
}

@test "dns: all is as it should be" {
	right
	run --separate-stderr vmta-conf-check -H --dns "$CONF"
	assert_eq 'check	subject	verdict	why	publish' "${lines[0]}"
	row ptr 192.0.2.25 pass
	row fcrdns 192.0.2.25 pass
	row helo mail.example.net pass
	row spf "sender.example 192.0.2.25" pass
	row dkim s1._domainkey.sender.example pass
	row mx sender.example pass
	row dmarc sender.example pass
	row mta-sts sender.example pass
	row tlsa _25._tcp.mx.example.net pass
	[ "$status" -eq 0 ]
	assert_eq 10 "${#lines[@]}"
}

@test "dns: what is wrong fails, with the record to publish" {
	right
	openssl genrsa -out key.pem 2048 2>/dev/null
	cat >>"$CONF" <<-'E'
		<virtual-mta b>
		  smtp-source-host 192.0.2.26 mail2.example.net
		  smtp-source-host 192.0.2.27 nowhere.example.net
		</virtual-mta>
	E
	run --separate-stderr vmta-conf-check --dns --dnsbl bl.example.net \
	    --from sender.example,bare.example "$CONF"
	[ "$status" -eq 1 ]
	row ptr 192.0.2.26 warn
	row fcrdns 192.0.2.26 fail
	row helo mail2.example.net pass
	row dnsbl 192.0.2.26 fail
	row dnsbl 192.0.2.25 pass
	row ptr 192.0.2.27 fail
	assert_contains "$output" \
	    "27.2.0.192.in-addr.arpa. PTR nowhere.example.net."
	row helo nowhere.example.net fail
	row spf "sender.example 192.0.2.26" fail
	assert_contains "$output" 'sender.example. TXT "v=spf1 ip4:192.0.2.26 ~all"'
	row spf "bare.example 192.0.2.25" fail
	row dkim s1._domainkey.sender.example fail
	assert_contains "$output" \
	    's1._domainkey.sender.example. TXT "v=DKIM1; k=rsa; p=MII'
	row mx bare.example fail
	row dmarc bare.example fail
	assert_contains "$output" '_dmarc.bare.example. TXT "v=DMARC1; p=none'
	row mta-sts bare.example warn
}

@test "dns: a server that fails is a warning, and hides nothing else" {
	right
	sed -i 's/^25.2.0.192.in-addr.arpa.*/25.2.0.192.in-addr.arpa FAIL/' zone
	stop_bg dns || true
	dns_start
	sed -i "s/^name-server.*/name-server $DNS/" "$CONF"
	run --separate-stderr vmta-conf-check --dns "$CONF"
	row ptr 192.0.2.25 warn
	row helo mail.example.net pass
	row dmarc sender.example pass
	[ "$status" -eq 0 ]
}

@test "dns: a wrong configuration is not asked about" {
	printf 'frob\n' >"$CONF"
	run --separate-stderr vmta-conf-check --dns "$CONF"
	assert_run 78 '*' '*'
}

# verdict DOMAIN: the SPF result for 192.0.2.25.
verdict() {
	awk -F'\t' -v s="$1 192.0.2.25" '$1 == "spf" && $2 == s {
	    sub(/:.*/, "", $4); print $4 }' <<<"$output"
}

@test "dns: SPF records of many kinds (RFC 7208)" {
	local row froms
	cat >zone <<-'E'
		ip.example TXT v=spf1 ip4:192.0.2.0/24 -all
		off.example TXT v=spf1 ip4:192.0.2.0/28 -all
		soft.example TXT v=spf1 ~all
		neutral.example TXT v=spf1 ip4:10.0.0.1
		a.example TXT v=spf1 a -all
		a.example A 192.0.2.25
		net.example TXT v=spf1 a:a.example/24 -all
		mx.example TXT v=spf1 mx -all
		mx.example MX 10 a.example
		inc.example TXT v=spf1 include:ip.example -all
		incfail.example TXT v=spf1 include:off.example +all
		redirect.example TXT v=spf1 redirect=ip.example
		exists.example TXT v=spf1 exists:%{i}.ok.example -all
		192.0.2.25.ok.example A 127.0.0.1
		loop.example TXT v=spf1 include:loop.example -all
		two.example TXT v=spf1 -all
		two.example TXT v=spf1 +all
		wrong.example TXT v=spf1 ip4:nonsense -all
		word.example TXT v=spf1 frob -all
		none.example TXT hello
		fail.example FAIL
		late.example TXT v=spf1 ip6:2001:db8::/32 ?ip4:10.0.0.0/8 +ip4:192.0.2.25 -all
		upper.example TXT V=SPF1 IP4:192.0.2.25 -ALL
	E
	dns_start
	printf 'name-server %s\n<virtual-mta a>\nsmtp-source-host 192.0.2.25 m.example\n</virtual-mta>\n' \
	    "$DNS" >"$CONF"
	froms=$(awk '$2 == "TXT" || $2 == "FAIL" { print $1 }' zone | sort -u |
	    paste -sd,)
	run --separate-stderr vmta-conf-check --dns --from "$froms" "$CONF"
	while read -r domain want; do
		assert_eq "$domain $want" "$domain $(verdict "$domain")"
	done <<-'E'
		ip.example pass
		off.example fail
		soft.example softfail
		neutral.example neutral
		a.example pass
		net.example pass
		mx.example pass
		inc.example pass
		incfail.example pass
		redirect.example pass
		exists.example pass
		loop.example permerror
		two.example permerror
		wrong.example permerror
		word.example permerror
		none.example none
		fail.example temperror
		late.example pass
		upper.example pass
	E
}
