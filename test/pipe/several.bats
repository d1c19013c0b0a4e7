# SPDX-License-Identifier: ISC
bats_require_minimum_version 1.5.0
load ../lib/common
load pipe

# The most connections that were open at once, by the sink's own summary.
most_open() {
	grep -o 'max-connections [0-9]*' "$T/$1.err" | awk '{ print $2 }'
}

# most_in_window SECONDS: the most transactions in any window, on the sink's clock.
most_in_window() {
	sink_rows sink | awk -F '\t' -v u="$1" -v first=0 -v n=0 '
	    $1 ~ /^[0-9]/ {
		t[n++] = $1
		while (t[n - 1] - t[first] >= u)
			first++
		if (n - first > most)
			most = n - first
	    }
	    END { print most + 0 }'
}

several() {
	local count=$1 n=$2 i

	for ((i = 0; i < count; i++)); do
		run_pipeline "p$i" --for 4s
	done
	for ((i = 0; i < count; i++)); do
		wait_bg "p$i"
	done
	drain 30 --for 4s
	judge "$n" 0 sink
	[ "$(rows d)" -eq "$n" ]
}

@test "two pipelines at once: no duplicate, each outcome recorded once" {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	sink_start sink
	pipe_conf <<<'max-smtp-out 3'
	inject 3000 2
	several 2 3000
	sink_stop sink
	# two queues of three connections each, in sum over both processes
	[ "$(most_open sink)" -le 6 ]
}

@test "four pipelines at once: no duplicate, and the limits hold in sum" {
	need vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
	sink_start sink
	pipe_conf <<-EOF
		max-smtp-out 2
		max-msg-rate 100/s
	EOF
	inject 700 1
	several 4 700
	[ "$(most_in_window 1)" -le 100 ]
	sink_stop sink
	[ "$(most_open sink)" -le 2 ]
}
