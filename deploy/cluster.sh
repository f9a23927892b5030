#!/usr/bin/env bash
# A Sounder cluster on machines that ssh reaches, without root and without a service manager.
#
#   deploy/cluster.sh keys      make the keys that are missing and put each where it is needed
#   deploy/cluster.sh up        start what does not run yet, the coordinator first
#   deploy/cluster.sh status    what runs where, and what the coordinator says
#   deploy/cluster.sh drain     let the workers finish what they run, and end
#   deploy/cluster.sh down      drain, then end the coordinator; its jobs go on after the next up
#
# Every command may be given again at any time. Variables:
#   SOUNDER_HOSTS   the hosts file; cluster.hosts beside this script (see cluster.hosts.example)
#   SOUNDER_KEYS    keyring on this machine; ~/.config/sounder/keys
#   SOUNDER_DIR     directory on the hosts for state, keys, logs and process ids; .sounder there
#   SOUNDER_BIN     directory of the programs on the hosts and here; found by PATH
#   SOUNDER_PORT    the coordinator's port, with the next one for bulk data; 5761
#   SOUNDER_DRAIN   seconds that workers have to finish what they run; 900
#   SOUNDER_SSH     the command for ssh, with its options; ssh -o BatchMode=yes
#
# Exit codes: 0 done, 64 wrong use, 66 no hosts file, 69 something does not run or cannot be
# reached (standard error names it), 78 the hosts file is wrong.
set -uo pipefail

readonly here=${BASH_SOURCE[0]%/*}
readonly hosts_file=${SOUNDER_HOSTS:-$here/cluster.hosts}
readonly keys=${SOUNDER_KEYS:-${XDG_CONFIG_HOME:-$HOME/.config}/sounder/keys}
readonly directory=${SOUNDER_DIR:-.sounder}
readonly bin=${SOUNDER_BIN:-}
readonly port=${SOUNDER_PORT:-5761}
readonly drain=${SOUNDER_DRAIN:-900}
read -r -a ssh_command <<<"${SOUNDER_SSH:-ssh -o BatchMode=yes -o ConnectTimeout=10}"
[[ -z $bin ]] || PATH=$bin:$PATH
# They would win over the keyring.
unset SOUNDER_KEY SOUNDER_SERVER_KEY

say() { printf 'cluster: %s\n' "$*" >&2; }
fail() { local code=$1; shift; say "$*"; exit "$code"; }

coordinator='' listen='' address=''
worker_names=() worker_hosts=() worker_threads=()

# Names become parts of paths and of remote commands, so they are checked here and nowhere else.
check_name() {
    [[ $2 =~ ^[A-Za-z0-9_][A-Za-z0-9._@:-]*$ ]] || fail 78 "$hosts_file: $1 $2 is not a plain name"
}

read_worker() {
    local host=$1 threads=0 name=$1 setting
    shift
    for setting in "$@"; do
        case $setting in
            threads=*) threads=${setting#*=} ;;
            name=*) name=${setting#*=} ;;
            *) fail 78 "$hosts_file: $setting is unknown; a worker has threads= and name=" ;;
        esac
    done
    name=${name##*@}
    check_name "name" "$name"
    [[ $threads =~ ^[0-9]{1,4}$ ]] || fail 78 "$hosts_file: threads=$threads is not a number"
    [[ " ${worker_names[*]-} " != *" $name "* ]] ||
        fail 78 "$hosts_file: two workers are called $name; give one another name="
    worker_names+=("$name") worker_hosts+=("$host") worker_threads+=("$threads")
}

read_coordinator() {
    [[ -z $coordinator ]] || fail 78 "$hosts_file: there is more than one coordinator"
    coordinator=$1
    listen=${1##*@}
    case ${2:-} in
        "") ;;
        listen=*) listen=${2#*=} ;;
        *) fail 78 "$hosts_file: $2 is unknown; a coordinator has listen=" ;;
    esac
    check_name "address" "$listen"
    address=tcp://$listen:$port
}

read_hosts() {
    [[ -r $hosts_file ]] ||
        fail 66 "$hosts_file cannot be read; copy $here/cluster.hosts.example or set SOUNDER_HOSTS"
    local words
    # The last line may lack its newline.
    while read -r -a words || ((${#words[@]})); do
        [[ -n ${words[0]:-} && ${words[0]} != \#* ]] || continue
        check_name "host" "${words[1]:-}"
        case ${words[0]} in
            coordinator) read_coordinator "${words[@]:1}" ;;
            worker) read_worker "${words[@]:1}" ;;
            *) fail 78 "$hosts_file: ${words[0]} is neither coordinator nor worker" ;;
        esac
    done <"$hosts_file"
    [[ -n $coordinator ]] || fail 78 "$hosts_file names no coordinator"
}

# remote HOST ARGUMENT...: runs the script of standard input there, with arguments of its own.
# What they hold is quoted once more, because ssh makes one line of them.
remote() {
    local host=$1 line
    shift
    printf -v line '%q ' bash -s -- "$@"
    "${ssh_command[@]}" "$host" "$line"
}

# put HOST FILE: into the keys directory of that host, whole or not at all.
put() {
    local line
    # shellcheck disable=SC2016  # it expands over there
    printf -v line '%q ' bash -c \
        'umask 077; mkdir -p "$0/keys" && cat >"$0/keys/.new.$$" && mv "$0/keys/.new.$$" "$0/keys/$1"' \
        "$directory" "${2##*/}"
    "${ssh_command[@]}" "$1" "$line" <"$2" || fail 69 "$1: ${2##*/} could not be written there"
}

# start HOST NAME PROGRAM ARGUMENT...: unless it runs. Paths that begin with @ are of the host's
# directory.
start() {
    remote "$1" "$directory" "$bin" "${@:2}" <<'REMOTE'
        set -u
        umask 077
        directory=$1 bin=$2 name=$3 program=$4
        shift 4
        [[ $directory == /* ]] || directory=$HOME/$directory
        [[ -z $bin ]] || PATH=$bin:$PATH
        mkdir -p "$directory/run" "$directory/log" || exit 73
        # Held while it looks and starts, so that two callers do not start two.
        exec 9>"$directory/run/$name.lock" && flock -w 20 9 || exit 75
        pid=$(cat "$directory/run/$name.pid" 2>/dev/null)
        if [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) == "${program:0:15}" ]]; then
            echo "runs already as process $pid"
            exit 0
        fi
        command -v "$program" >/dev/null || { echo "$program is not on PATH" >&2; exit 69; }
        arguments=()
        for argument in "$@"; do
            [[ $argument != @* ]] || argument=$directory/${argument#@}
            [[ $argument != --threads=0 ]] || continue
            arguments+=("$argument")
        done
        setsid nohup "$program" "${arguments[@]}" </dev/null >>"$directory/log/$name.log" 2>&1 9>&- &
        pid=$!
        echo "$pid" >"$directory/run/$name.pid"
        sleep 0.5
        if ! kill -0 "$pid" 2>/dev/null; then
            tail -n 3 "$directory/log/$name.log" >&2
            exit 69
        fi
        echo "started as process $pid"
REMOTE
}

# stop HOST NAME PROGRAM SECONDS: SIGTERM, then patience. Prints what became of it.
stop() {
    remote "$1" "$directory" "${@:2}" <<'REMOTE'
        directory=$1 name=$2 program=$3 seconds=$4
        [[ $directory == /* ]] || directory=$HOME/$directory
        pid=$(cat "$directory/run/$name.pid" 2>/dev/null)
        runs() { [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) == "${program:0:15}" ]]; }
        runs || { echo "does not run"; exit 0; }
        # Once: a second SIGTERM would cut short what it finishes.
        [[ -e $directory/run/$name.draining.$pid ]] || kill -TERM "$pid"
        : >"$directory/run/$name.draining.$pid"
        end=$((SECONDS + seconds))
        while runs; do
            ((SECONDS < end)) || { echo "still runs as process $pid after $seconds s"; exit 75; }
            sleep 0.2
        done
        rm -f "$directory/run/$name.pid" "$directory/run/$name.draining.$pid"
        echo "has ended"
REMOTE
}

show() {
    remote "$1" "$directory" "${@:2}" <<'REMOTE'
        directory=$1 name=$2 program=$3
        [[ $directory == /* ]] || directory=$HOME/$directory
        pid=$(cat "$directory/run/$name.pid" 2>/dev/null)
        if [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) == "${program:0:15}" ]]; then
            echo "runs as process $pid"
        else
            echo "does not run"
            exit 69
        fi
REMOTE
}

# The first one makes the coordinator's keys and local.key, an admin's, as well.
make_key() {
    [[ -e $keys/$1.key ]] && return
    sounder keygen "$1" --role worker --keys "$keys" || fail 69 "the key $1 could not be made"
}

keys_command() {
    command -v sounder >/dev/null || fail 69 "sounder is not on PATH; set SOUNDER_BIN"
    { mkdir -p "$keys" && chmod 0700 "$keys"; } || fail 69 "$keys cannot be used"
    local index file
    for index in "${!worker_names[@]}"; do make_key "${worker_names[index]}"; done
    for file in coordinator.key coordinator.pub authorized; do put "$coordinator" "$keys/$file"; done
    for index in "${!worker_names[@]}"; do
        put "${worker_hosts[index]}" "$keys/${worker_names[index]}.key"
        put "${worker_hosts[index]}" "$keys/coordinator.pub"
    done
    say "the keys are in $keys; local.key there is yours"
}

up_command() {
    local index said code=0
    said=$(start "$coordinator" coordinator sounder-coordinator \
        "--listen=$address" --state @state --keys @keys --log-level notice 2>&1) || code=69
    say "coordinator at $coordinator: $said"
    for index in "${!worker_names[@]}"; do
        up_worker "$index" || code=69
    done
    status_command >/dev/null 2>&1 || code=69
    ((code == 0)) || fail 69 "not everything runs; \`$0 status\` tells what"
}

up_worker() {
    local name=${worker_names[$1]} said code
    said=$(start "${worker_hosts[$1]}" "worker-$name" sounder-worker \
        "--coordinator=$address" "--threads=${worker_threads[$1]}" --cache @cache \
        --key "@keys/$name.key" --server-key @keys/coordinator.pub --log-level notice 2>&1)
    code=$?
    say "worker $name at ${worker_hosts[$1]}: $said"
    return "$code"
}

status_command() {
    local index said code=0
    said=$(show "$coordinator" coordinator sounder-coordinator 2>&1) || code=69
    say "coordinator at $coordinator: $said"
    for index in "${!worker_names[@]}"; do
        said=$(show "${worker_hosts[index]}" "worker-${worker_names[index]}" sounder-worker 2>&1) ||
            code=69
        say "worker ${worker_names[index]} at ${worker_hosts[index]}: $said"
    done
    sounder status --cluster "$address" --keys "$keys" || code=69
    return "$code"
}

# All at the same time: each may need as long as its unit takes.
drain_command() {
    local index children=() code=0
    for index in "${!worker_names[@]}"; do
        drain_worker "$index" &
        children+=($!)
    done
    for index in "${!children[@]}"; do wait "${children[index]}" || code=69; done
    return "$code"
}

drain_worker() {
    local name=${worker_names[$1]} said code
    said=$(stop "${worker_hosts[$1]}" "worker-$name" sounder-worker "$drain" 2>&1)
    code=$?
    say "worker $name at ${worker_hosts[$1]}: $said"
    return "$code"
}

down_command() {
    drain_command || fail 69 "not every worker has ended; the coordinator stays up for them"
    local said code
    said=$(stop "$coordinator" coordinator sounder-coordinator 60 2>&1)
    code=$?
    say "coordinator at $coordinator: $said"
    ((code == 0)) || exit 69
}

case ${1:-}:$# in
    keys:1 | up:1 | status:1 | drain:1 | down:1)
        read_hosts
        "$1_command" || exit 69
        ;;
    *) fail 64 "usage: $0 keys|up|status|drain|down" ;;
esac
