# SPDX-License-Identifier: ISC
# vmta-acct as the last stage: files, columns, rotation, counters, doorbell.
# shellcheck disable=SC2016,SC2154 # text for awk; set by run

bats_require_minimum_version 1.5.0
load ../../lib/common
load acct

setup() {
	acct_setup
}

@test "the example: tutorial fields give a dated file with that header" {
	spool_conf <<-END
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
	<domain \$microsoft>
	  max-msg-rate 2/m   # very conservative for new IPs
	  max-conn-rate 1/m
	</domain>
	<acct-file "$OUT/acct.csv">
	  format-text "csv"
	  rotate 1d
	  fields "time,type,vmta,domain,rcpt,status,dsn-status,size"
	</acct-file>
	END
	rm -rf "$SPOOL"
	unset VMTA_CLOCK
	vmta-acct -q </dev/null
	touch "$SPOOL/control/test"
	export VMTA_CLOCK=$T/clock
	journal 1 1 3 type=d,b,t vmta=warmup-pool
	run --separate-stderr vmta-acct </dev/null
	assert_run 0 '' "vmta-acct: 2 records written to $FILE"
	assert_eq "time,type,vmta,domain,rcpt,status,dsn-status,size
2026-11-23 12:00:07+0000,d,warmup-pool,example.com,user1@example.com,delivered,2.0.0,4096
2026-11-23 12:00:07+0000,b,warmup-pool,example.com,user2@example.com,bounced,5.1.1,4096" \
	    "$(cat "$FILE")"
}

@test "without fields: PowerMTA's columns in PowerMTA's order" {
	spool_conf <<-END
	<acct-file $OUT/acct.csv>
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 1 1 3 type=d,b,t 'diag=smtp;250 "ok", thanks\nbye'
	run --separate-stderr vmta-acct -q </dev/null
	assert_run 0
	assert_eq "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool" \
	    "$(head -n 1 "$FILE")"
	assert_eq 'd,2026-11-23 12:00:07+0000,2026-11-23 12:00:00+0000,news@sender.test,user1@example.com,,relayed,2.0.0 (success),"smtp;250 ""ok"", thanks bye",mx.example.com (127.0.0.1),,bsmtp,,smtp,127.0.0.2,127.0.0.1,"PIPELINING,SIZE",4096,fast,j1,,example.com/fast,' \
	    "$(sed -n 2p "$FILE")"
	assert_eq 3 "$(wc -l <"$FILE")"
}

@test "a CSV reader reads back what was replied" {
	journal 1 1 1 'diag=smtp;550 a,b "c"\r\n\x01 \xc3\xa9 \xff end'
	acct_conf <<<'record-fields d *'
	spool_conf <<-END
	<acct-file $OUT/acct.csv>
	fields "id,dsnDiag,type"
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	vmta-acct -q </dev/null
	run --separate-stderr python3 -c '
import csv, sys
for row in csv.reader(open(sys.argv[1], encoding="utf-8", newline="")):
    print(len(row), row[1])' "$FILE"
	assert_run 0 '3 dsnDiag
3 smtp;550 a,b "c"    é ? end'
}

@test "every acct-file at once, and the counters" {
	spool_conf <<-END
	<acct-file $OUT/one.csv>
	  records d
	  fields id
	</acct-file>
	<acct-file $OUT/two.csv>
	  records b,t
	  fields id,type
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 1 1 9 type=d,b,t
	run --separate-stderr vmta-acct </dev/null
	assert_run 0 '' "vmta-acct: 3 records written to $OUT/one-$DAY-0000.csv
vmta-acct: 6 records written to $OUT/two-$DAY-0000.csv"
	assert_eq "$(printf '%s\n' id id00000{1,4,7}.0)" \
	    "$(cat "$OUT/one-$DAY-0000.csv")"
	assert_eq 7 "$(wc -l <"$OUT/two-$DAY-0000.csv")"
	assert_eq 9 "$(counted)"
	assert_eq "b 3
d 3
t 3" "$(awk -F '\t' 'FNR > 1 { n[$8] += $13 }
	    END { for (t in n) print t, n[t] }' "$SPOOL"/stats/*.tsv | sort)"
	assert_eq "$DAY.tsv" "$(ls "$SPOOL/stats")"
}

@test "no acct-file: counters alone" {
	spool_conf </dev/null
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 1 1 5
	run --separate-stderr vmta-acct </dev/null
	assert_run 0
	assert_eq 5 "$(counted)"
	assert_eq 0 "$(journals)"
}

@test "columns and targets that can't be had are named, the rest is written" {
	spool_conf <<-END
	<acct-file "|cat">
	</acct-file>
	<acct-file $OUT/acct.csv>
	  fields id,header_X-Mailer,type
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 1 1 2
	run --separate-stderr vmta-acct --once
	assert_run 0 '' '*'
	assert_contains "$stderr" '<acct-file |cat> is left out'
	assert_contains "$stderr" "$OUT/acct.csv: nothing is recorded for the column header_X-Mailer, it stays empty"
	assert_eq 'id,header_X-Mailer,type
id000001.0,,d
id000002.0,,d' "$(cat "$FILE")"
}

@test "files grow to max-size and no further" {
	spool_conf <<-END
	<acct-file $OUT/acct.csv>
	  max-size 1M
	  fields id,type,dsnDiag,dsnMta,queue,job,sender,rcpt
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 1 1 15000 "diag=smtp;250 $(printf 'x%.0s' {1..100})"
	run --separate-stderr vmta-acct </dev/null
	assert_run 0 '' "vmta-acct: 15000 records written to 3 files, the last is $OUT/acct-$DAY-0002.csv"
	each_once 15000
	for f in "$OUT"/acct-*.csv; do
		[ "$(stat -c %s "$f")" -le 1048576 ]
		assert_match "$(head -n 1 "$f")" '^id,type,'
	done
	[ "$(stat -c %s "$FILE")" -gt 1048000 ]
}

@test "a new file at midnight; the same one after a restart" {
	journal 1 1 2
	vmta-acct -q --once
	journal 2 3 4
	vmta-acct -q --once
	assert_eq 4 "$(rows | wc -l)"
	echo 1795478400 >"$T/clock"
	journal 3 5 6
	vmta-acct -q --once
	assert_eq "acct-2026-11-23-0000.csv
acct-2026-11-24-0000.csv" "$(ls "$OUT")"
	each_once 6
}

@test "other columns from one run to the next begin a new file" {
	journal 1 1 2
	vmta-acct -q --once
	spool_conf <<-END
	<acct-file $OUT/acct.csv>
	fields id,vmta
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 2 3 4
	vmta-acct -q --once
	assert_eq "id,vmta" "$(head -n 1 "$OUT/acct-$DAY-0001.csv")"
	each_once 4
}

@test "journals go when all is written; those in use stay" {
	journal 1 1 5
	journal 2 6 10 open=yes
	vmta-acct -q --once
	each_once 10
	assert_eq 1 "$(journals)"
	[ -e "$SPOOL/journal/0000002.jnl" ]
}

@test "rows appear while standard input stays open" {
	mkfifo bell
	vmta-acct -q <bell 3>&- &
	echo $! >"$T/bg/acct"
	exec 9>bell
	echo ring >&9
	journal 1 1 10
	echo ring >&9
	wait_for 20 each_once 10
	journal 2 11 20
	# another pipeline's outcomes: nobody rings
	wait_for 20 each_once 20
	exec 9>&-
	wait_bg acct
	each_once 20
}

@test "a first TERM lets the stages before it end" {
	mkfifo bell
	vmta-acct -q <bell 3>&- &
	pid=$!
	echo "$pid" >"$T/bg/acct"
	exec 9>bell
	journal 1 1 10
	wait_for 20 each_once 10
	kill -TERM "$pid"
	journal 2 11 20
	echo 'id000020.0' >&9
	exec 9>&-
	wait_bg acct
	each_once 20
}

@test "what comes on standard input is dropped, however odd" {
	journal 1 1 3
	head -c 3000000 /dev/urandom >noise
	run --separate-stderr vmta-acct -q <noise
	assert_run 0
	each_once 3
	assert_eq 3 "$(counted)"
}

@test "closed standard input: one sweep" {
	journal 1 1 3
	run --separate-stderr bash -c 'vmta-acct -q <&-'
	assert_run 0
	each_once 3
}

@test "nothing to do: nothing said, nothing made" {
	run --separate-stderr vmta-acct </dev/null
	assert_run 0
	assert_eq '' "$(ls "$OUT")"
}

@test "a lot of lines on the pipe don't hold up the one who writes them" {
	journal 1 1 10
	# 64 MB through the pipe
	run --separate-stderr bash -c 'yes "line" | head -c 64000000 |
	    vmta-acct -q; echo "${PIPESTATUS[@]}"'
	assert_run 0 '141 0 0'
	each_once 10
}

@test "-n: how far each one is behind, and nothing is written" {
	journal 1 1 7
	run --separate-stderr vmta-acct -n -H --format tsv
	assert_run 0 "$(printf '%s\t%s\t%s\n' target file waiting \
	    "$OUT/acct.csv" - 7 stats - 7)"
	assert_eq '' "$(ls "$OUT")"
	vmta-acct -q --once
	journal 2 8 9
	run --separate-stderr vmta-acct -n --format tsv
	assert_run 0 "$(printf '%s\t%s\t%s\n' "$OUT/acct.csv" "$FILE" 2 \
	    stats "stats/$DAY.tsv" 2)"
}

@test "counters by the day of the event, files by that of writing" {
	journal 1 1 4 time=1795391999
	journal 2 5 6 time=1795392000
	vmta-acct -q --once
	assert_eq "2026-11-22.tsv
2026-11-23.tsv" "$(ls "$SPOOL/stats")"
	assert_eq "acct-2026-11-23-0000.csv" "$(ls "$OUT")"
	assert_eq 6 "$(counted)"
}

@test "time-zone: days and times are those of the zone" {
	spool_conf <<-END
	time-zone Asia/Kolkata
	<acct-file $OUT/acct.csv>
	fields id,time
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	[ -e /usr/share/zoneinfo/Asia/Kolkata ] || skip "no table of zones"
	journal 1 1 1 time=1795458600
	echo 1795458600 >"$T/clock"
	vmta-acct -q --once
	assert_eq "id000001.0,2026-11-24 00:00:00+0530" \
	    "$(sed -n 2p "$OUT/acct-2026-11-24-0000.csv")"
	assert_eq "2026-11-24.tsv" "$(ls "$SPOOL/stats")"
}
