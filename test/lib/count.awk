# SPDX-License-Identifier: ISC
# Count the tests of one TAP file and say on one line how they went; below it
# what failed.  Variables: rc (exit status), name, tap (path of the file).
# The second file is what the test wrote on standard error.

function fail(text)
{
	bad++
	report = report text "\n"
}

FILENAME == tap && /^1\.\.[0-9]+/ {
	planned = substr($0, 4) + 0
	has_plan = 1
	next
}
FILENAME == tap && /^(not )?ok[ \t]/ {
	seen++
	failing = 0
	if (tolower($0) ~ /# *skip/)
		skipped++
	else if (/^ok/)
		passed++
	else {
		fail("  " $0)
		failing = 1
	}
	next
}
FILENAME == tap {
	if (failing && /^#/)
		report = report "  " $0 "\n"
	next
}
{
	stderr = stderr "  " $0 "\n"
}

END {
	if (!has_plan)
		fail("  it ended with status " rc " before the first test")
	else if (seen < planned)
		fail("  it ended with status " rc " after " seen + 0 " of " \
		    planned " tests")
	else if (rc != 0 && bad == 0)
		fail("  it ended with status " rc)
	printf "%s  %-36s %4d", bad ? "FAIL" : "ok  ", name, passed
	if (skipped)
		printf ", %d skipped", skipped
	if (bad)
		printf ", %d failed\n%s%s", bad, report, stderr
	else
		printf "\n"
	print passed + 0, bad + 0, skipped + 0 > (tap ".count")
}
