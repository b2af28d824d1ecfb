# shellcheck shell=bash
# The folder of one runtime: its names, its lock, its configuration.

# name_instance DIR: sets the names of all that belongs to the runtime in DIR.
name_instance() {
  dir=$(realpath -m -- "$1")
  # It goes into TOML, JSON and socket addresses as it is.
  [[ $dir =~ ^(/[A-Za-z0-9._+@=-]+)+$ ]] || die "$dir: only letters, digits and ._+@=- in its path"
  ((${#dir} <= 80)) || die "$dir: too long for a unix socket"
  local hash
  hash=$(printf %s "$dir" | sha256sum)
  # Eight digits: interface names end after fifteen characters.
  tag=${hash:0:8}
  readonly dir tag
  readonly config=$dir/config.toml log=$dir/containerd.log socket=$dir/containerd.sock
}

# claim_instance: makes the folder and takes its lock; refuses a folder that holds anything else.
claim_instance() {
  mkdir -p "$dir"
  lock_instance
  [[ ! -e $dir/cgroups ]] || return 0
  [[ -z $(ls -A "$dir") ]] || die "$dir: not empty, and not a runtime's"
  trap take_back EXIT
  touch "$dir/cgroups"
}

# open_instance: takes the lock of a runtime that is there.
open_instance() {
  [[ -d $dir ]] || die "$dir: no runtime there"
  lock_instance
  [[ -e $dir/cgroups ]] || die "$dir: no runtime there"
}

# Held until this process ends; what it starts does not inherit it.
lock_instance() {
  exec {lock}< "$dir"
  flock -w $((4 * time_limit)) "$lock" || die "$dir: another command holds its lock"
}

write_config() {
  cat > "$config" << END
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = [
  "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "$socket"

[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "sandboxlet.test/pause:1"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  netns_mounts_under_state_dir = true
  # Root without CAP_SYS_RESOURCE cannot lower a score.
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_cgroup = false

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$(plugin_dir)"
    conf_dir = "$dir/cni/conf"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = "$dir/runc"
        SystemdCgroup = false
END
}

# remove_instance: the folder, when nothing is mounted below it any more.
remove_instance() {
  local id address
  # Shims that were killed leave their sockets, outside of the folder.
  for address in "$dir"/state/io.containerd.runtime.v2.task/*/*/address; do
    [[ ! -e $address ]] || { address=$(< "$address") && rm -f -- "${address#unix://}"; }
  done
  for id in "$dir"/state/io.containerd.grpc.v1.cri/sandboxes/*; do
    rm -f -- "/var/lib/cni/results/cni-loopback-${id##*/}-lo"
  done
  rm -f -- "/var/lib/cni/results/sandboxlet-$tag"-*
  rm -rf --one-file-system -- "$dir"
}

# unmount_all: every mount below the folder, the youngest first.
unmount_all() {
  local mount mounts=()
  while read -r mount; do
    # Strange characters stand there in octal.
    mounts=("$(printf %b "$mount")" "${mounts[@]}")
  done < <(awk -v under="$dir/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo)
  [[ ${#mounts[@]} -eq 0 ]] || umount -l -- "${mounts[@]}"
}
