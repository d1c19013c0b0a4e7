#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016 # $NAME is the configuration's
bats_require_minimum_version 1.5.0
load ../../lib/common

# A warning of the class host, one of values, and a note.
some_findings() {
	cat >"$CONF" <<-'E'
		<virtual-mta v>
		  smtp-source-host 203.0.113.77 mail.local
		</virtual-mta>
		<domain a.example>
		  max-msg-rate 5/hour
		</domain>
	E
}

@test "lint: --werror makes warnings count" {
	some_findings
	run --separate-stderr vmta-conf-check "$CONF"
	assert_run 0 '*' '*'
	run --separate-stderr vmta-conf-check --werror "$CONF"
	assert_run 78 '*' "vmta-conf-check: $CONF: 0 errors, 2 warnings"
	run --separate-stderr vmta-conf-check --werror --disable host,helo-name \
	    -q "$CONF"
	assert_run 0
}

@test "lint: --disable takes codes and classes, and knows them" {
	some_findings
	run --separate-stderr vmta-conf-check --disable host --disable values \
	    "$CONF"
	assert_run 0 "" "vmta-conf-check: $CONF: 0 errors, 0 warnings"
	run --separate-stderr vmta-conf-check --disable hosts "$CONF"
	assert_run 64 "" '*'
	assert_contains "$stderr" "hosts: there is no such code or class"
}

@test "lint: --disable leaves errors, but for those of this machine" {
	printf 'frob\ninclude /none/x.conf\n' >"$CONF"
	run --separate-stderr vmta-conf-check -q --disable language,host "$CONF"
	assert_run 78 "$CONF:1:1: error: unknown directive \"frob\" [unknown-directive]"
	printf 'include /none/x.conf\n' >"$CONF"
	run --separate-stderr vmta-conf-check -q --disable host "$CONF"
	assert_run 0
}

@test "lint: --root finds the files of another machine" {
	mkdir -p other/etc other/var/log
	printf 'include /etc/part.conf\n<acct-file /var/log/a.csv>\n</acct-file>\n' \
	    >other/etc/vmta.conf
	printf '<domain *>\nfrob 1\n</domain>\n' >other/etc/part.conf
	run --separate-stderr vmta-conf-check -q --root "$T/other" \
	    other/etc/vmta.conf
	assert_run 78 "$T/other/etc/part.conf:2:1: error: unknown directive \"frob\" [unknown-directive]"
}

@test "lint: --format github" {
	some_findings
	run --separate-stderr vmta-conf-check -q --format github --disable host "$CONF"
	assert_run 0 "::warning file=$CONF,line=2,col=3,title=helo-name::\"mail.local\" is said in HELO: nobody outside can look it up"
	printf '%%a,b 1\n' >"$CONF"
	run --separate-stderr vmta-conf-check -q --format github "$CONF"
	assert_run 78 "::error file=$CONF,line=1,col=1,title=unknown-directive::unknown directive \"%25a,b\""
}

@test "lint: --format sarif is one document that names rule and place" {
	some_findings
	vmta-conf-check -q --format sarif "$CONF" >found.sarif
	assert_eq 2.1.0 "$(jq -r .version found.sarif)"
	assert_eq "source-not-here helo-name" "$(jq -r \
	    '[.runs[0].results[].ruleId] | sort | reverse | join(" ")' found.sarif)"
	assert_eq "2 $CONF" "$(jq -r '.runs[0].results[0].locations[0]
	    .physicalLocation | "\(.region.startLine) \(.artifactLocation.uri)"' \
	    found.sarif)"
	# every rule of a result is described
	assert_eq true "$(jq '[.runs[0].results[].ruleId] -
	    [.runs[0].tool.driver.rules[].id] == []' found.sarif)"
	: >"$CONF"
	vmta-conf-check -q --format sarif "$CONF" | jq -e '.runs[0].results == []'
}

@test "lint: --format json goes to standard output, a row a finding" {
	some_findings
	run --separate-stderr vmta-conf-check --format json "$CONF"
	assert_eq 3 "$(jq -r .code <<<"$output" | wc -l)"
}

@test "lint: keys: who may read them, and how long they are" {
	openssl genrsa -out short.pem 1024 2>/dev/null
	openssl genrsa -out good.pem 2048 2>/dev/null
	chmod 644 short.pem
	chmod 600 good.pem
	printf 'domain-key a,x.example,%s\n' "$T/short.pem" "$T/good.pem" \
	    >"$CONF"
	run --separate-stderr vmta-conf-check -q --disable effect "$CONF"
	assert_run 0 "$CONF:1:1: warning: $T/short.pem can be read by everybody on this host; chmod 640 $T/short.pem [key-world-readable]
$CONF:1:1: warning: $T/short.pem has 1024 bits; 2048 is the usual length [key-short]"
}

@test "lint: a key is never shown, on a terminal neither" {
	printf 'http-api-key abcdefSECRET\nhttp-api-key 1 2\n' >"$CONF"
	printf '<domain *>\nauth-password hunter2\nauth-password hunter3\n</domain>\n' \
	    >>"$CONF"
	run script -qec "vmta-conf-check '$CONF'" /dev/null
	assert_contains "$output" repeated-directive
	assert_lacks "$output" SECRET
	assert_lacks "$output" hunter
	run vmta-conf-check --print "$CONF"
	assert_lacks "$output" hunter
	run vmta-conf-check --effective a.example "$CONF"
	assert_contains "$output" 'auth-password	\*\*\*\*' ||
	    assert_contains "$output" '****'
	assert_lacks "$output" hunter
}

@test "lint: unknown columns of accounting files" {
	printf '<acct-file /tmp/a.csv>\nfields time,type,tiem\n</acct-file>\n' \
	    >"$CONF"
	run --separate-stderr vmta-conf-check -q "$CONF"
	assert_run 0 "$CONF:1:1: warning: there is no column \"tiem\": it stays empty [unknown-field]"
}

@test "lint: the tutorials' example is right as it stands" {
	cat >"$CONF" <<-'E'
		<virtual-mta warmup-pool>
		  smtp-source-host 198.51.100.25 198.51.100.26
		  helo-domain "warmup.your-domain.com"
		  max-smtp-out 5
		  max-connect-rate 2/m
		  max-msg-per-connection 50
		  max-msg-rate 200/h
		  max-cold-virtual-mta-msg 200/day
		  bounce-after 4d12h
		  retry-after 15m
		</virtual-mta>
		domain-macro microsoft hotmail.com, outlook.com, live.com
		<domain $microsoft>
		  max-msg-rate 2/m   # very conservative for new IPs
		  max-conn-rate 1/m
		</domain>
		<acct-file "/var/log/pmta/acct.csv">
		  format-text "csv"
		  rotate 1d
		  fields "time,type,vmta,domain,rcpt,status,dsn-status,size"
		</acct-file>
	E
	run --separate-stderr vmta-conf-check --disable host,effect -q "$CONF"
	assert_run 0
}
