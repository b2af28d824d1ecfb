# shellcheck shell=bash
# kube-apiserver itself: its port, started, known to be ready.

url() { echo "https://127.0.0.1:$(< "$dir/port")"; }

servers() { processes_of "$server_program" "--etcd-servers=unix://$dir/$etcd_socket"; }

# find_port_and_serve: on a port that is free, which another may take before we have it.
find_port_and_serve() {
  local tries
  for ((tries = 0; tries < 3; ++tries)); do
    free_port > "$dir/port"
    serve && return
    grep -q 'address already in use' "$dir/kube-apiserver.log" || break
  done
  return 1
}

# free_port: none that a node port or an outgoing connection would be given.
free_port() {
  local port
  while :; do
    port=$((20000 + SRANDOM % 10000))
    [[ -n $(ss -Hltn "sport = :$port") ]] || break
  done
  echo "$port"
}

serve() {
  local pid
  launch "$dir/kube-apiserver.log" "$server_program" \
    "--etcd-servers=unix://$dir/$etcd_socket" \
    --bind-address=127.0.0.1 "--secure-port=$(< "$dir/port")" \
    "--tls-cert-file=$dir/server.crt" "--tls-private-key-file=$dir/server.key" \
    "--client-ca-file=$dir/ca.crt" --authorization-mode=Node,RBAC \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    "--service-account-key-file=$dir/service-account.key" \
    "--service-account-signing-key-file=$dir/service-account.key" \
    --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true \
    --advertise-address=127.0.0.1 --endpoint-reconciler-type=none
  pid=$!
  await ready_or_ended "$pid" || die "kube-apiserver does not get ready"
  [[ -n $(started "$pid") ]]
}

ready_or_ended() {  # PID
  [[ -z $(started "$1") ]] || ready
}

# ready: it says so, and has made what it makes in the background.
ready() {
  api_get /readyz && api_get /api/v1/namespaces/default
}

api_get() {  # PATH
  curl -s --fail --max-time 10 --noproxy '*' -o /dev/null --cacert "$dir/ca.crt" \
    --cert "$dir/admin.crt" --key "$dir/admin.key" "$(url)$1"
}
