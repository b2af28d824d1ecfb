# shellcheck shell=bash
# What a machine needs to run a private containerd.

readonly needed_programs=(containerd containerd-shim-runc-v2 ctr runc busybox ip flock)
readonly needed_plugins=(bridge host-local loopback)

# why_not: the first reason why this machine cannot; nothing where it can.
why_not() {
  local program
  if ((EUID != 0)); then
    echo "only root can run containers"
    return
  fi
  for program in "${needed_programs[@]}"; do
    if ! command -v "$program" > /dev/null; then
      echo "$program is not installed (tools/install-deps adds it)"
      return
    fi
  done
  if [[ -z $(plugin_dir) ]]; then
    echo "no CNI plugins: ${needed_plugins[*]} (tools/install-deps adds them)"
    return
  fi
  [[ -n $(freezer) ]] || echo "no freezer: neither cgroup v1's nor cgroup.freeze can be used here"
}

# plugin_dir: where the CNI plugins are: Debian's folder, or upstream's.
plugin_dir() {
  local folder plugin
  for folder in /usr/lib/cni /opt/cni/bin; do
    for plugin in "${needed_plugins[@]}"; do
      [[ -x $folder/$plugin ]] || continue 2
    done
    echo "$folder"
    return
  done
}

# freezer: the file that would freeze a new cgroup, found by making one.
freezer() {
  local mount probe name
  for mount in $(cgroup_mounts); do
    probe=$mount/sandboxlet-probe-$$
    mkdir "$probe" 2> /dev/null || continue
    for name in freezer.state cgroup.freeze; do
      [[ ! -w $probe/$name ]] || echo "$probe/$name"
    done
    rmdir "$probe"
  done
}
