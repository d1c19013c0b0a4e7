# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# What the tests of vmta-throttle share: virtual MTAs with and without limits,
# and a clock to set by hand.

setup() {
	common_setup
	spool_conf <<-'EOF'
	<virtual-mta free>
	  smtp-source-host 127.0.0.2 free.sender.test
	</virtual-mta>
	<virtual-mta slow>
	  smtp-source-host 127.0.0.3 slow.sender.test
	  <domain *>
	    max-msg-rate 3/10s
	  </domain>
	</virtual-mta>
	<virtual-mta whole>
	  smtp-source-host 127.0.0.4 whole.sender.test
	  max-msg-rate 4/h
	</virtual-mta>
	EOF
}

# queued VMTA RECIPIENT...: one record each.
queued() {
	local rcpt
	for rcpt in "${@:2}"; do
		message | vmta-queue add -f s@sender.test --vmta "$1" "$rcpt"
	done >/dev/null
}

# The virtual MTA of each grant.
granted() {
	cut -f4 | cut -d';' -f1
}

# Make the spool one for tests, with a clock that stands still.
stop_clock() {
	vmta-queue list >/dev/null 2>&1 || true
	mkdir -p "$SPOOL/control"
	touch "$SPOOL/control/test"
	NOW=$(date +%s)
	echo "$NOW" >"$T/clock"
	export VMTA_CLOCK=$T/clock
}

# step_clock SECONDS
step_clock() {
	NOW=$((NOW + $1))
	echo "$NOW" >"$T/clock"
}

# at_least N FILE: has it so many lines?
at_least() {
	[ "$(wc -l <"$2")" -ge "$1" ]
}
