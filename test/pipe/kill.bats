# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../lib/common
load pipe

# kill_stage STAGE: kill -9 of that stage of the running pipeline.
# Returns 1 when it had ended already.
kill_stage() {
	local pid
	pid=$(pgrep -P "$BG_PID" -x "$1") || return 1
	kill -KILL $pid 2>/dev/null
}

@test "kill -9 of any stage, fifty times: nothing lost, no more than one duplicate a connection and kill" {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	local n=6000 conns=4 sends=0 kills=0 tries stage
	local -a stages=(vmta-queue vmta-throttle vmta-send vmta-acct vmta-send)

	RANDOM=20261123
	sink_start sink --every 29 --reply 'RCPT 450 4.2.1 later'
	pipe_conf <<-EOF
		max-smtp-out $conns
		max-msg-per-connection 40
		max-msg-rate 60/s
	EOF
	inject $n 3
	for ((tries = 0; kills < 50 && tries < 120; tries++)); do
		run_pipeline pipeline --for 2s
		sleep "0.0$((RANDOM % 90 + 10))"
		stage=${stages[RANDOM % 5]}
		# one that has ended already is no target: the sender is
		pgrep -P "$BG_PID" -x "$stage" >"$T/pid" || stage=vmta-send
		if kill_stage "$stage"; then
			((kills += 1))
			[ "$stage" != vmta-send ] || ((sends += 1))
		fi
		wait_bg pipeline || true
	done
	[ "$kills" -eq 50 ] || fail "$kills kills, $(queued) queued, $(taken sink | wc -l) taken" "$(cat pipeline.err)"
	drain 60 --for 3s
	# a domain is a queue, each with its own connections
	judge $n $((sends * conns * 3)) sink
	echo "# $kills kills, $sends of vmta-send, $(($(wc -l <"$T/taken") - n)) duplicates" >&3
	# what the receiver has and no journal knew is a duplicate, nothing else
	[ "$(rows d)" -eq "$n" ]
}
