# shellcheck shell=bash
# The kube-controller-manager of one API server, where one is asked for. It acts as the administrator
# and listens nowhere.

controller_managers() { processes_of "$controllers_program" "--kubeconfig=$dir/admin.kubeconfig"; }

# serve_controllers NAME,...: these alone.
serve_controllers() {
  local pid binary
  binary=$("$tools/kube-binaries" kube-controller-manager) || die "no kube-controller-manager"
  ln -sfT "$binary" "$controllers_program"
  rm -f "$dir/kube-controller-manager.log"
  launch "$dir/kube-controller-manager.log" "$controllers_program" \
    "--kubeconfig=$dir/admin.kubeconfig" "--controllers=$1" --leader-elect=false --secure-port=0 \
    "--service-account-private-key-file=$dir/service-account.key" "--root-ca-file=$dir/ca.crt" --v=1
  pid=$!
  await controlling_or_ended "$pid" || die "kube-controller-manager does not start its controllers"
  [[ -n $(started "$pid") ]] ||
    die "kube-controller-manager ended at once: $(tail -n 1 "$dir/kube-controller-manager.log")"
}

controlling_or_ended() {  # PID
  [[ -z $(started "$1") ]] || grep -q 'Controller starting' "$dir/kube-controller-manager.log"
}
