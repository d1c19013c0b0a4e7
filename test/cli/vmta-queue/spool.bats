#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# vmta-queue and spools that are not as they should be.
# shellcheck disable=SC2154 # set by run
bats_require_minimum_version 1.5.0
load ../../lib/common
load queue

# A place that others can reach; the folders of a test may be closed to them.
public_spool() {
	[ "$(id -u)" -eq 0 ] || skip "needs two users"
	PUBLIC=$(mktemp -d)
	chmod 755 "$PUBLIC"
	sed -i "s,$SPOOL,$PUBLIC/spool," "$CONF"
	install -m 644 "$CONF" "$PUBLIC/vmta.conf"
	SPOOL=$PUBLIC/spool
	export VMTA_SPOOL=$SPOOL VMTA_CONF=$PUBLIC/vmta.conf
	cd "$PUBLIC" || return
}

teardown() {
	stop_all
	cd /
	[ -z "${PUBLIC-}" ] || rm -rf "$PUBLIC"
}

# Run as somebody who owns nothing; root passes every permission.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups env "PATH=$PATH" "$@"
}

@test "spool: a folder that is somebody else's is refused and not touched" {
	mkdir "$SPOOL"
	echo precious >"$SPOOL/file"
	before=$(find "$SPOOL" | sort)
	for cmd in 'ready' 'list' 'show queues' 'pause */*' 'add a@example.com'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr vmta-queue $cmd < <(message)
		assert_run 78 '' '*'
		assert_contains "$stderr" 'not a vmta spool'
	done
	assert_eq "$before" "$(find "$SPOOL" | sort)"
	assert_eq precious "$(cat "$SPOOL/file")"
}

@test "spool: a newer format is refused and not touched" {
	add_message a@example.com
	echo 'vmta-spool 9' >"$SPOOL/VERSION"
	before=$(find "$SPOOL" -type f -exec md5sum {} + | sort)
	for cmd in 'ready' 'list' 'show status' 'cat x' 'add a@example.com'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr vmta-queue $cmd < <(message)
		assert_run 78 '' '*'
		assert_contains "$stderr" 'format 9'
	done
	assert_eq "$before" "$(find "$SPOOL" -type f -exec md5sum {} + | sort)"
}

@test "spool: none is 66 for those who look, and they make none" {
	for cmd in 'list' 'show queues' 'cat x' 'pause *' 'resume --all' \
	    'accept-clock'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr vmta-queue $cmd
		assert_run 66 '' '*'
		assert_match "$stderr" "^vmta-queue: cannot open spool $SPOOL"
	done
	[ ! -e "$SPOOL" ]
}

@test "spool: neither named nor configured is 78" {
	unset VMTA_SPOOL
	echo 'host-name x.test' >"$CONF"
	run --separate-stderr vmta-queue list
	assert_run 78 '' '*'
}

@test "spool: one that may not be read is 77" {
	public_spool
	add_message a@example.com
	chmod 700 "$SPOOL"
	for cmd in 'ready' 'list' 'add a@example.com'; do
		# shellcheck disable=SC2086 # words
		# shellcheck disable=SC2086 # words
		run --separate-stderr as_nobody vmta-queue $cmd < <(message)
		assert_run 77 '' '*'
		assert_match "$stderr" '^vmta-queue: .*Permission denied'
	done
	assert_eq 1 "$(records)"
}

@test "spool: who may only read it can look and can't add" {
	public_spool
	add_message a@example.com
	vmta-queue ready >/dev/null
	chmod -R go+rX,go-w "$SPOOL"
	run --separate-stderr as_nobody vmta-queue list
	assert_run 0 '*' '*'
	assert_contains "$output" a@example.com
	id=${output%%	*}
	run --separate-stderr as_nobody vmta-queue cat "$id"
	assert_run 0 '*' '*'
	assert_contains "$output" 'Subject: test'
	run --separate-stderr as_nobody vmta-queue show queues
	assert_run 0 '*' '*'
	run --separate-stderr as_nobody vmta-queue \
	    add b@example.com < <(message)
	assert_run 77 '' '*'
	assert_eq 1 "$(records)"
}

@test "spool: a damaged segment is set aside and reported, the rest goes on" {
	add_message a@example.com
	vmta-queue ready >/dev/null
	seg=$(segment)
	add_message b@example.org
	vmta-queue ready >/dev/null
	# the trailer
	truncate -s -100 "$seg"
	run --separate-stderr vmta-queue ready -H
	assert_run 0 '*' '*'
	assert_eq b@example.org "$(column rcpt <<<"$output")"
	assert_contains "$stderr" "$(basename "$seg" .seg)"
	assert_contains "$stderr" 'set aside'
	[ -e "$SPOOL/damaged/$(basename "$seg")" ]
	[ ! -e "$seg" ]
	run --separate-stderr vmta-queue ready -H
	assert_run 0 '*'
	assert_eq b@example.org "$(column rcpt <<<"$output")"
}

@test "spool: a segment of noise, and one of nothing" {
	add_message a@example.com
	vmta-queue ready >/dev/null
	head -c 100000 /dev/urandom >"$SPOOL/queue/aaaaaaaaaaaaaaaaaaaa.seg"
	: >"$SPOOL/queue/bbbbbbbbbbbbbbbbbbbb.seg"
	run --separate-stderr vmta-queue list
	assert_run 0 '*' '*'
	assert_eq 1 "${#lines[@]}"
	assert_contains "$stderr" aaaaaaaaaaaaaaaaaaaa
	assert_contains "$stderr" bbbbbbbbbbbbbbbbbbbb
	assert_eq 2 "$(find "$SPOOL/damaged" -type f | wc -l)"
}

@test "spool: a torn entry at the end of the intake was never accepted" {
	add_message a@example.com
	in=$(echo "$SPOOL"/intake/*.in)
	size=$(stat -c %s "$in")
	add_message b@example.com
	truncate -s $((size + 200)) "$in"
	run --separate-stderr vmta-queue ready -H
	assert_eq a@example.com "$(column rcpt <<<"$output")"
	add_message c@example.com
	assert_eq 2 "$(vmta-queue ready | wc -l)"
}

@test "vmta-queue: no command, an unknown one, -h, --version" {
	run --separate-stderr vmta-queue
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue cake
	assert_run 64 '' '*'
	run --separate-stderr vmta-queue -h
	assert_run 0 '*'
	for c in accept-clock add cat list pause ready resume show; do
		assert_match "$output" "^(usage:)? *vmta-queue $c"
	done
	run --separate-stderr vmta-queue --version
	assert_run 0 '*'
	assert_match "$output" '^vmta-queue [0-9]+\.[0-9]+'
}
