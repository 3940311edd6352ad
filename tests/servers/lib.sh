# Sourced by the scripts beside it: where a server's programs, data and logs lie, and how it is waited for.
#   SEOGO_SERVERS_CACHE   programs kept between runs; readable by every account   (/var/tmp/seogo-servers)
#   SEOGO_SERVERS_RUN     data and logs of one run, emptied at each start         (a folder in the cache)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../.." && pwd)
cache=${SEOGO_SERVERS_CACHE:-/var/tmp/seogo-servers}
run=${SEOGO_SERVERS_RUN:-$cache/run-$(printf %s "$checkout" | cksum | cut -d' ' -f1)}
mkdir -p "$cache/bin" "$run"

say() { echo "$*" >&2; }
fail() { say "$*"; exit 1; }

# A port that nobody has now, and that the system gives to nobody by itself.
free_port() {
  python3 -c '
import random, socket
first = int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0])
while True:
    port = random.SystemRandom().randrange(10_000, max(first, 20_000))
    try:
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break'
}

# Servers refuse to run as root.  as_nobody FOLDER gives it to an unprivileged account, and `drop` runs as that account.
drop=()
as_nobody() {
  if [ "$(id -u)" = 0 ]; then
    chown -R nobody "$1"
    drop=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
  fi
}

# wait_for NAME PID LOG SECONDS COMMAND...: until the command succeeds, or the process is gone.
wait_for() {
  local name=$1 pid=$2 log=$3 deadline=$((SECONDS + $4))
  shift 4
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "$pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      say "$name did not start; the last lines of $log:"
      tail -30 "$log" >&2 || true
      kill "$pid" 2>/dev/null || true
      return 1
    fi
    sleep 0.2
  done
}

# stop_pid FILE: ends the process that the file names and waits until it is gone.
stop_pid() {
  [ -e "$1" ] || return 0
  local pid
  pid=$(head -1 "$1")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 1 120); do
    kill -0 "$pid" 2>/dev/null || { rm -f "$1"; return 0; }
    sleep 0.25
  done
  fail "Process $pid of $1 is still there."
}
