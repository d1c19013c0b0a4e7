# SPDX-License-Identifier: ISC
# vmta-acct and what can go wrong: kills, full disks, damage, other writers.
# shellcheck disable=SC2016,SC2154 # text for another shell; set by run

bats_require_minimum_version 1.5.0
load ../../lib/common
load acct

setup() {
	acct_setup
}

@test "killed again and again while journals grow: each outcome once" {
	spool_conf <<-END
	<acct-file $OUT/acct.csv>
	  fields id,type
	</acct-file>
	<acct-file $OUT/wide.csv>
	  fields id,type,time,queue,dsnDiag
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	start_bg one "$ROOT/test/cli/vmta-acct/make-journal" "$SPOOL" 1 \
	    1 3000 type=d,b batch=50 pause=0.02
	start_bg two "$ROOT/test/cli/vmta-acct/make-journal" "$SPOOL" 2 \
	    3001 6000 batch=30 pause=0.01
	mkfifo bell
	kills=0
	while running_bg one || running_bg two; do
		vmta-acct -q <bell 3>&- &
		pid=$!
		exec 9>bell
		echo ring >&9
		sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
		kill -9 "$pid"
		exec 9>&-
		wait "$pid" || true
		kills=$((kills + 1))
	done
	[ "$kills" -gt 5 ]
	run --separate-stderr vmta-acct -q --once
	assert_run 0
	each_once 6000
	each_once 6000 wide
	assert_eq 6000 "$(counted)"
	assert_eq 0 "$(journals)"
}

@test "two writers: the second one waits for the first, and all is there once" {
	mkfifo bell
	vmta-acct -q <bell 3>&- &
	echo $! >"$T/bg/first"
	exec 9>bell
	journal 1 1 10
	wait_for 20 each_once 10
	# without the bell: the first one's input has to end
	start_bg second vmta-acct -q 9>&-
	journal 2 11 20
	exec 9>&-
	wait_bg first
	wait_bg second
	each_once 20
	assert_eq 20 "$(counted)"
}

@test "a second writer doesn't wait for ever: 0, the first one has it all" {
	mkfifo bell
	vmta-acct -q <bell 3>&- &
	echo $! >"$T/bg/first"
	exec 9>bell
	journal 1 1 10
	wait_for 20 each_once 10
	run --separate-stderr vmta-acct --once 9>&-
	assert_run 0
	exec 9>&-
	wait_bg first
	each_once 10
}

@test "four at once: each outcome once" {
	journal 1 1 2000
	journal 2 2001 4000
	for i in 1 2 3 4; do
		start_bg "n$i" vmta-acct -q --once
	done
	for i in 1 2 3 4; do
		wait_bg "n$i"
	done
	each_once 4000
	assert_eq 4000 "$(counted)"
}

@test "a missing folder: a clear line, 78, the others are written" {
	spool_conf <<-END
	<acct-file $OUT/acct.csv>
	  fields id,type
	</acct-file>
	<acct-file $OUT/missing/other.csv>
	  fields id,type
	</acct-file>
	END
	vmta-conf-check --activate -q || skip "vmta-conf-check is not built"
	journal 1 1 10
	run --separate-stderr vmta-acct -q </dev/null
	assert_run 78 '' "vmta-acct: cannot write accounting files in $OUT/missing: there is no such folder (make it, or change <acct-file>)"
	each_once 10
	assert_eq 10 "$(counted)"
	assert_eq 1 "$(journals)"
	# nothing is lost by it
	mkdir "$OUT/missing"
	run --separate-stderr vmta-acct -q </dev/null
	assert_run 0
	OUT=$OUT/missing each_once 10 other
	each_once 10
	assert_eq 0 "$(journals)"
}

@test "the folder appears while it runs: it goes on by itself" {
	mv "$OUT" "$OUT.away"
	mkfifo bell
	journal 1 1 10
	vmta-acct <bell 2>said 3>&- &
	echo $! >"$T/bg/acct"
	exec 9>bell
	wait_for 20 grep -q 'no such folder' said
	mv "$OUT.away" "$OUT"
	exec 9>&-
	wait_bg acct
	each_once 10
	assert_eq "1" "$(grep -c 'no such folder' said)"
}

@test "a file that can't grow: whole rows only, 74, then the rest" {
	journal 1 1 3000
	# 1 KiB steps: 16 KiB
	run --separate-stderr bash -c 'ulimit -f 16; exec vmta-acct -q --once'
	assert_run 74 '' "vmta-acct: cannot write $FILE: File too large"
	assert_eq "id,type" "$(cat "$FILE")"
	assert_eq 1 "$(journals)"
	run --separate-stderr vmta-acct -q --once
	assert_run 0
	each_once 3000
	assert_eq 3000 "$(counted)"
}

@test "a full disk: whole rows only, standard input is drained, 75" {
	unshare -m true 2>/dev/null || skip "no mount namespaces here"
	journal 1 1 3000
	run --separate-stderr unshare -m bash -c '
	    mount -t tmpfs -o size=16k tmpfs "$1" || exit 99
	    yes | head -c 1000000 | vmta-acct -q
	    echo "${PIPESTATUS[@]}"
	    cat "$1"/*.csv >"$2"' - "$OUT" "$T/rows"
	[ "$status" -ne 99 ] || skip "no tmpfs here"
	assert_run 0 '141 0 75' "vmta-acct: cannot write $FILE: No space left on device"
	assert_eq "id,type" "$(cat rows)"
	assert_eq 1 "$(journals)"
	# the checkpoint names a file that was on the other disk
	run --separate-stderr vmta-acct -q --once
	assert_run 0 '' "vmta-acct: $FILE is gone: going on in a new file"
	each_once 3000
	assert_eq 3000 "$(counted)"
}

@test "a checkpoint damaged beyond repair: 65, no row is guessed" {
	journal 1 1 10
	vmta-acct -q --once
	key=$(cd "$SPOOL/control/acct" && ls -- *acct.csv)
	size=$(stat -c %s "$SPOOL/control/acct/$key")
	head -c "$size" /dev/zero >"$SPOOL/control/acct/$key"
	journal 2 11 20
	run --separate-stderr vmta-acct -q --once
	assert_run 65 '' "vmta-acct: $SPOOL/control/acct/$key is damaged: how far its accounting has come isn't known"
	each_once 10
	assert_eq 20 "$(counted)"
	assert_eq 1 "$(journals)"
}

@test "one damaged block: the other is good enough" {
	journal 1 1 10 open=yes
	vmta-acct -q --once
	key=$(cd "$SPOOL/control/acct" && ls -- *acct.csv)
	# the newest, serial 2; the one before has the file with its header
	assert_eq 0000000000000002 \
	    "$(head -n 1 "$SPOOL/control/acct/$key" | cut -d ' ' -f 4)"
	printf 'x' | dd of="$SPOOL/control/acct/$key" bs=1 seek=60 \
	    conv=notrunc status=none
	run --separate-stderr vmta-acct -q --once
	assert_run 0
	each_once 10
}

@test "a row that a crash cut, and rows that a checkpoint misses, are cut" {
	journal 1 1 10 open=yes
	vmta-acct -q --once
	printf 'id000010.0,d\nid0000' >>"$FILE"
	journal 2 11 12
	run --separate-stderr vmta-acct -q --once
	assert_run 0
	each_once 12
}

@test "a damaged journal is named, the others are written" {
	journal 1 1 5
	journal 2 6 10
	journal 3 1 1
	printf 'x' | dd of="$SPOOL/journal/0000003.jnl" bs=1 seek=3 \
	    conv=notrunc status=none
	run --separate-stderr vmta-acct -q --once
	assert_run 65 '' '*'
	assert_contains "$stderr" "journal/0000003.jnl: damaged header"
	each_once 10
}

@test "damaged lines of a dead journal are passed over" {
	journal 1 1 10
	# a byte in the middle of the fifth line
	at=$(grep -abo 'id000005.0' "$SPOOL/journal/0000001.jnl" |
	    head -n 1 | cut -d : -f 1)
	printf 'x' | dd of="$SPOOL/journal/0000001.jnl" bs=1 \
	    seek=$((at + 100)) conv=notrunc status=none
	run --separate-stderr vmta-acct -q --once
	assert_run 0
	assert_eq 9 "$(rows | wc -l)"
	assert_eq 9 "$(counted)"
}

@test "a spool that isn't there, or isn't ours" {
	run --separate-stderr vmta-acct --spool "$T/none" --once
	assert_run 66 '' '*'
	[ ! -e "$T/none" ]
	mkdir foreign
	touch foreign/mail
	run --separate-stderr vmta-acct --spool "$T/foreign" </dev/null
	assert_run 78 '' '*'
	assert_eq mail "$(ls foreign)"
}

@test "a wrong configuration in a new spool: its line, 78" {
	rm -rf "$SPOOL"
	unset VMTA_CLOCK
	printf '<spool %s>\n</spool>\nno-such-directive 1\n' "$SPOOL" >"$CONF"
	run --separate-stderr vmta-acct </dev/null
	assert_run 78 '' '*'
	assert_contains "$stderr" "$CONF:3:"
}

@test "wrong arguments: 64 and the synopsis" {
	for args in '--nonsense' 'nonsense' '--stdin --once' '--fields id' \
	    '--format tsv' '--stdin --fields nonsense' \
	    '--stdin --records x'; do
		# shellcheck disable=SC2086 # a list of words
		run --separate-stderr vmta-acct $args </dev/null
		assert_run 64 '' '*'
		assert_contains "$stderr" 'usage: vmta-acct '
	done
}
