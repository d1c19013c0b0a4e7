# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2154 # T and friends come from common.bash
# What the tests of whole pipelines share: mail for them, the pipeline with its
# stages' process ids, and the judge who believes the receiver alone.

# bsmtp N DOMAINS: N small messages, one recipient each: rI@dK.example.
bsmtp() {
	awk -v n="$1" -v d="$2" 'BEGIN {
		print "HELO test"
		for (i = 0; i < n; i++) {
			print "MAIL FROM:<news@sender.test>"
			printf "RCPT TO:<r%d@d%d.example>\n", i, i % d
			print "DATA"
			printf "Subject: message %d\nX-Number: %d\n\n", i, i
			print "Hello.\n..A line with a dot.\n."
		}
		print "QUIT"
	}'
}

inject() {
	bsmtp "$@" | vmta-queue add --bsmtp --vmta v1 -q
}

# run_pipeline NAME [THROTTLE OPTION...]: the four stages in the background, as
# cron would run them.  Their shell's process id is in $BG_PID.
run_pipeline() {
	local name=$1
	shift
	start_bg "$name" bash -c 'vmta-queue ready -q | vmta-throttle -q "$@" |
	    vmta-send -q | vmta-acct -q' pipeline "$@"
}

# Run the pipeline until nothing is queued, at most TIMES times.
drain() {
	local times=$1
	shift
	while [ "$(queued)" -gt 0 ]; do
		[ $((times -= 1)) -ge 0 ] || fail "still queued: $(queued)" ||
		    return 1
		vmta-queue ready -q | vmta-throttle -q "$@" | vmta-send -q |
		    vmta-acct -q
		sleep 0.3
	done
}

queued() {
	vmta-queue list --format tsv | wc -l
}

# Recipients that the sinks named took, one a line, a second delivery again.
taken() {
	local s
	for s; do
		sink_rows "$s" | awk -F '\t' '$1 ~ /^[0-9]/ && $9 ~ /^2/ { print $7 }'
	done
}

# rows TYPE: records of that type in the accounting files.
rows() {
	local f n=0
	for f in "$T"/acct-*.csv; do
		[ -f "$f" ] && n=$((n + $(grep -c "^$1," "$f" || true)))
	done
	echo "$n"
}

# pipe_conf [FILE]: accounting, one virtual MTA on 127.0.0.2, retries of a second;
# lines of standard input go into its <domain *>.
pipe_conf() {
	local in
	in=$(cat)
	spool_conf <<EOF
smtp-source-host 127.0.0.2 one.sender.test
<virtual-mta v1>
  smtp-source-host 127.0.0.2 one.sender.test
  <domain *>
    smtp-hosts [127.0.0.1]:$SINK_PORT
    retry-after 1s
    retry-recipients-after 1s
$in
  </domain>
</virtual-mta>
<acct-file $T/acct.csv>
  records d,b,t
</acct-file>
EOF
}

# judge N BOUND SINK...: N recipients each came at least once, and no more than
# BOUND came again.
judge() {
	local n=$1 bound=$2 once again
	shift 2
	taken "$@" | sort >"$T/taken"
	once=$(uniq "$T/taken" | wc -l)
	again=$(($(wc -l <"$T/taken") - once))
	assert_eq "$n" "$once" "recipients that the receiver has" || return 1
	[ "$again" -le "$bound" ] ||
	    fail "$again duplicates, at most $bound allowed"
}
