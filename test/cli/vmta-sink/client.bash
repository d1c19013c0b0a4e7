# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# A client small enough to see all of: what it sends, and what comes back.

# smtp PORT LINE...: send all lines at once, print replies until the sink closes.
smtp() {
	local port=$1 line text=
	shift
	for line; do
		text=$text$line$'\r\n'
	done
	exec 4<>"/dev/tcp/127.0.0.1/$port" || return
	printf '%s' "$text" >&4
	tr -d '\r' <&4
	exec 4>&-
}

# codes PORT LINE...: the reply codes alone, with blanks between them.
codes() {
	smtp "$@" | sed -n 's/^\([0-9]*\)\( .*\|$\)/\1/p' | paste -sd ' '
}

# send PORT SENDER RCPT...: one short message.
send() {
	local port=$1 sender=$2 rcpt
	shift 2
	for rcpt; do
		set -- "$@" "RCPT TO:<$rcpt>"
		shift
	done
	smtp "$port" 'EHLO client.test' "MAIL FROM:<$sender>" "$@" DATA \
	    'Subject: hi' '' hello . QUIT
}

# fields NAME COLUMN...: of each line but "listening" ones.
fields() {
	local name=$1 c list=
	shift
	for c; do
		list="$list${list:+,\" \",}\$$c"
	done
	sink_rows "$name" | awk -F '\t' "{ print $list }" | tr -s ' '
}
