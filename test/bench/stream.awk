# SPDX-License-Identifier: ISC
# A BSMTP stream of n messages of size bytes each (as they go over the wire, with
# CRLF) to n recipients over so many domains.

BEGIN {
	row = "The quick brown fox jumps over the lazy dog and back again " \
	    "0123456789 abcd\n"
	for (i = 0; i < n; i++) {
		domain = domains > 1 ? "d" i % domains ".example" : "example.net"
		rcpt = "reader" i "@" domain
		head = "From: News <news@sender.test>\nTo: <" rcpt ">\n" \
		    "Subject: Number " i "\nMessage-ID: <" i "@sender.test>\n\n"
		printf "MAIL FROM:<news@sender.test>\nRCPT TO:<%s>\nDATA\n%s", \
		    rcpt, head
		left = size - length(head) - 5
		for (; left > length(row) + 3; left -= length(row) + 1)
			printf "%s", row
		printf "%s\n.\n", substr(row, 1, left > 2 ? left - 2 : 1)
	}
	print "QUIT"
}
