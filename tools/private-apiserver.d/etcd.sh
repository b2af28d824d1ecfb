# shellcheck shell=bash
# The etcd of one API server. It listens on sockets in the folder: nobody else reaches it, and there
# is no port that another could take.

# etcd wants a host and a port also where it makes a socket of that name, below where it runs.
readonly etcd_socket=etcd.sock:0 peer_socket=peer.sock:0

etcds() { processes_of "$etcd_program" "--data-dir=$dir/data"; }

# etcd_call METHOD JSON: etcd's gRPC as its gateway has it.
etcd_call() {
  curl -sS --fail --max-time 10 --noproxy '*' --unix-socket "$dir/$etcd_socket" \
    "http://etcd/v3/$1" -d "$2"
}

serve_etcd() {
  local pid peers=unix://$peer_socket
  # One that was killed leaves its sockets, and the next one stumbles over them.
  rm -f "$dir/$etcd_socket" "$dir/$peer_socket"
  launch "$dir/etcd.log" env --chdir="$dir" "$etcd_program" --name=private "--data-dir=$dir/data" \
    "--listen-client-urls=unix://$etcd_socket" "--advertise-client-urls=unix://$etcd_socket" \
    "--listen-peer-urls=$peers" "--initial-advertise-peer-urls=$peers" \
    "--initial-cluster=private=$peers" --logger=zap --log-outputs=stderr
  pid=$!
  await etcd_answers_or_ended "$pid" || die "etcd does not answer"
  [[ -n $(started "$pid") ]] || die "etcd ended at once: $(tail -n 1 "$dir/etcd.log")"
}

etcd_answers_or_ended() {  # PID
  [[ -z $(started "$1") ]] || revision > /dev/null 2>&1
}

# revision: the present one.
revision() {
  local answer
  answer=$(etcd_call kv/range '{"key":"AA=="}')
  [[ $answer =~ \"revision\":\ *\"([0-9]+)\" ]] && echo "${BASH_REMATCH[1]}"
}

# What was last written is lost as well: two revisions follow that no object has, as a watch from the
# one before the compacted one would still lose nothing.
compact() {
  local now
  for _ in 1 2; do
    etcd_call kv/put '{"key":"cGFkZGluZw=="}' > /dev/null || die "etcd does not take a key"
  done
  now=$(revision) || die "etcd does not tell its revision"
  etcd_call kv/compaction "{\"revision\":\"$now\",\"physical\":true}" > /dev/null ||
    die "etcd does not compact"
}
