# SPDX-License-Identifier: ISC
# A message for each reader of a list, as the stream that vmta-queue takes:
#
#	awk -f bsmtp.awk -v sender=news@example.com -v job=november \
#	    campaign.eml readers.tsv | vmta-queue add --bsmtp
#
# The first file is a whole message; the second one has a line for each reader,
# with tabs: address, name, id and virtual MTA.  {{rcpt}}, {{name}} and {{id}} in
# the message are filled in, and so they are in the sender (VERP).  X-Virtual-MTA
# and X-Job are read and removed by vmta-queue.
#
# With -v only=ADDRESS the message of that reader is printed as it is, not as a
# stream: to look at.

function fill(s, key, value,   out, at)
{
	while ((at = index(s, key)) > 0) {
		out = out substr(s, 1, at - 1) value
		s = substr(s, at + length(key))
	}
	return out s
}

function personal(s)
{
	return fill(fill(fill(s, "{{rcpt}}", $1), "{{name}}", $2), "{{id}}", $3)
}

BEGIN { FS = "\t" }

NR == FNR {
	sub(/\r$/, "")
	# a dot that begins a line is written twice in a stream
	if (only == "" && /^\./)
		$0 = "." $0
	# what needs nothing filled in is kept in as few pieces as possible
	varies = index($0, "{{") > 0
	if (n == 0 || varies || varied)
		part[++n] = $0 "\n"
	else
		part[n] = part[n] $0 "\n"
	varied = fills[n] = varies
	next
}

only == "" || only == $1 {
	if (only == "") {
		print "MAIL FROM:<" personal(sender) ">"
		print "RCPT TO:<" $1 ">"
		print "DATA"
		if ($4 != "")
			print "X-Virtual-MTA: " $4
		if (job != "")
			print "X-Job: " job
	}
	for (i = 1; i <= n; i++)
		printf "%s", fills[i] ? personal(part[i]) : part[i]
	if (only == "")
		print "."
}

END {
	if (only == "")
		print "QUIT"
}
