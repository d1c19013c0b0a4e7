# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034 # bats files use the variables
# What the tests of vmta-acct share.

# A spool with an acct-file of three columns, $OUT/acct.csv, and a clock that
# stands at 2026-11-23 12:00:07 UTC; lines of standard input go into the
# acct-file's section.
acct_setup() {
	common_setup
	need vmta-acct
	OUT=$T/out
	DAY=2026-11-23
	FILE=$OUT/acct-$DAY-0000.csv
	mkdir -p "$OUT"
	acct_conf </dev/null
	vmta-acct -q </dev/null
	touch "$SPOOL/control/test"
	echo 1795435207 >"$T/clock"
	export VMTA_CLOCK=$T/clock
}

acct_conf() {
	{
		printf '<acct-file %s>\n' "$OUT/acct.csv"
		printf 'fields "id,type"\nrecords d,b,t\n'
		cat
		printf '</acct-file>\n'
	} | spool_conf
}

journal() {
	"$ROOT/test/cli/vmta-acct/make-journal" "$SPOOL" "$@"
}

# Rows of all files of a stem (acct by default), header lines left out.
rows() {
	awk 'FNR > 1' "$OUT/${1:-acct}"-*.csv
}

# each_once LAST [STEM]: outcomes 1 to LAST stand in the files, each once.
each_once() {
	rows "${2-}" | sed 's/^id0*\([0-9]*\)\.0,.*/\1/' | sort -n >"$T/have"
	seq 1 "$1" >"$T/want"
	diff "$T/want" "$T/have" >"$T/diff" || {
		fail "rows differ from outcomes 1 to $1:" \
		    "$(head -n 20 "$T/diff")"
		return 1
	}
}

# The sum of the counts in stats/.
counted() {
	awk -F '\t' 'FNR > 1 { n += $13 } END { print n + 0 }' \
	    "$SPOOL"/stats/*.tsv
}

journals() {
	find "$SPOOL/journal" -name '*.jnl' | wc -l
}
