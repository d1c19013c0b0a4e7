# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034 # bats files use the variables
# What the tests of vmta-send share.

# queued [OPTION...] RECIPIENT...: one message for each recipient.
queued() {
	local r options=()
	while [[ $1 == -* ]]; do
		options+=("$1" "$2")
		shift 2
	done
	for r; do
		message "to $r" | vmta-queue add -f news@sender.test \
		    "${options[@]}" "$r" >>added
	done
}

# The pipeline, once; event lines in "events".
pipeline() {
	vmta-queue ready | vmta-throttle | vmta-send "$@"
}

# states [PATTERN]: recipient and state of what is in the spool.
states() {
	vmta-queue list -H "$@" --format tsv >list.tsv
	paste <(column rcpt <list.tsv) <(column state <list.tsv) | sort
}

# event NAME: that column of the event lines in the file "events", sorted.
event() {
	local names=(time type id queue domain vmta pool group source sender \
	    rcpt orcpt job envid queued first attempts action status code \
	    diag mta dest category class esmtp tls cipher size latency \
	    origin origin-mta next note) i
	for i in "${!names[@]}"; do
		[ "${names[i]}" = "$1" ] || continue
		cut -f $((i + 1)) events
		return
	done
	fail "no column $1"
}

# dns_start: a name server with the zone on standard input; its port in $DNS_PORT.
dns_start() {
	cat >zone
	start_bg dns python3 "$ROOT/test/fake/dns.py" zone
	wait_for 10 grep -q '^listening' dns.out
	DNS_PORT=$(awk '{ print $3; exit }' dns.out)
}

# A port of 127.0.0.1 where nobody listens: one that the system just gave away.
closed_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
