# SPDX-License-Identifier: ISC
# The table of all directives in vmta.conf(5), from the language's own table:
#
#	vmta-conf-check --directives --format tsv | awk -f man/directives.awk
#
# Sections in the order in which they first turn up.
BEGIN { FS = "\t" }

function cell(s)
{
	if (s == "-")
		return "\"\\&-\""
	if (length(s) > 32)
		s = substr(s, 1, 29) "..."
	gsub(/\\\\/, "\\e", s)
	gsub(/"/, "\\(dq", s)
	return "\"\\&" s "\""
}

{
	if (!($3 in rows))
		order[++n] = $3
	rows[$3] = rows[$3] ".It " cell($1) " Ta " cell($4 == $5 ? $4 : \
	    $4 ($5 == "-" ? "" : " " $5)) " Ta " cell($6) " Ta " $7 "\n"
}

END {
	for (i = 1; i <= n; i++) {
		print ".Ss In: " order[i]
		print ".Bl -column -compact \"backoff-to-normal-after-deliver\"" \
		    " \"INTERVAL[,INTERVAL...] 1s..1h\" \"unlimited\" \"never\""
		printf "%s", rows[order[i]]
		print ".El"
	}
}
