# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# What the tests of vmta-queue share: a configuration with two virtual MTAs and
# a group, and a look into what was queued.

setup() {
	common_setup
	spool_conf <<-'EOF'
	<virtual-mta fast>
	  smtp-source-host 127.0.0.1 fast.sender.test
	</virtual-mta>
	<virtual-mta slow>
	</virtual-mta>
	<virtual-mta-pool both>
	  virtual-mta fast
	  virtual-mta slow
	</virtual-mta-pool>
	domain-macro ms hotmail.com, outlook.com
	<domain $ms>
	  max-msg-rate 100/m
	</domain>
	EOF
}

# Add a message with no questions asked: add_message RCPT [OPTION...]
add_message() {
	message | vmta-queue add -f s@sender.test "${@:2}" "$1" >/dev/null
}

# The number of records in the spool.
records() {
	vmta-queue list -a | wc -l
}

# One column of list -a.
list_column() {
	vmta-queue list -aH | column "$1"
}

# A segment of ours, the only one there is.
segment() {
	echo "$SPOOL"/queue/*.seg
}
