# shellcheck shell=bash
# The processes of one runtime. They are found by their own command lines, which name its folder:
# that outlives lost files, and takes no process id for another's.

# processes_of PROGRAM ARGUMENT: the ids of PROGRAM's processes that were given ARGUMENT.
processes_of() {
  local folder arguments argument
  for folder in /proc/[0-9]*; do
    mapfile -t -d '' arguments 2> /dev/null < "$folder/cmdline" || continue
    for argument in "${arguments[@]}"; do
      [[ $argument == "$2" && $folder/exe -ef $(command -v "$1") ]] || continue
      echo "${folder##*/}"
      break
    done
  done
}

containerds() { processes_of containerd "$config"; }
shims() { processes_of containerd-shim-runc-v2 "$socket"; }

# started PID: when that process began; nothing where it is gone or only waits to be reaped.
started() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2> /dev/null) || return 0
  # The name before the last parenthesis may hold anything.
  read -ra fields <<< "${stat##*) }"
  [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

# launch OUTPUT COMMAND...: a daemon in a session of its own, with none of our descriptors.
launch() {
  (
    cd /
    umask 022
    exec < /dev/null >> "$1" 2>&1
    shift
    for fd in /proc/"$BASHPID"/fd/*; do
      ((${fd##*/} <= 2)) || eval "exec ${fd##*/}>&-"
    done
    ulimit -Sn "$(ulimit -Hn)"
    exec setsid -- "$@"
  ) &
  disown
}

descendants() {  # PID...
  local pid child
  for pid in "$@"; do
    # shellcheck disable=SC2013
    for child in $(cat "/proc/$pid"/task/*/children 2> /dev/null); do
      echo "$child"
      descendants "$child"
    done
  done
}

stop_containerd() {  # SIGNAL
  local pids
  mapfile -t pids < <(containerds)
  [[ ${#pids[@]} -gt 0 ]] || return 0
  kill -s "$1" "${pids[@]}" 2> /dev/null || true
  await none containerds || die "containerd (${pids[*]}) does not end on SIG$1"
}

none() { [[ -z $("$@") ]]; }

# kill_containers: every container with its cgroups, then the shims. Runs without containerd, so it
# is all one whether it lives.
kill_containers() {
  local id root=$dir/runc/k8s.io
  for id in "$root"/*; do
    [[ ! -d $id ]] || printf '%s\0' "${id##*/}"
  done | xargs -0 -r -n 1 -P 4 runc --root "$root" delete --force >> "$log" 2>&1 || true
  await kill_shims || die "shims do not end: $(shims | tr '\n' ' ')"
}

# kill_shims: fails while there is one. What they still have below them goes with them: a container
# that was being made when its containerd went.
kill_shims() {
  local pids
  mapfile -t pids < <(shims)
  [[ ${#pids[@]} -gt 0 ]] || return 0
  # shellcheck disable=SC2046
  kill -s KILL $(descendants "${pids[@]}") "${pids[@]}" 2> /dev/null || true
  return 1
}

# ---- The watcher: stops the runtime when its parent is gone, however that came.

watch_parent() {
  local since
  since=$(started "$parent")
  [[ -n $since ]] || die "--with-parent $parent: no such process"
  stop_watcher
  launch /dev/null "$self" watch "$dir" "$parent" "$since"
  echo "$! $(started $!)" > "$dir/watcher"
}

stop_after() {  # PID STARTED
  while [[ $(started "$1") == "$2" ]]; do sleep 0.5; done
  stop
}

stop_watcher() {
  local pid since
  [[ -e $dir/watcher ]] || return 0
  read -r pid since < "$dir/watcher"
  # The watcher that stops the runtime ends by itself.
  [[ $pid == "$$" || $(started "$pid") != "$since" ]] || kill "$pid"
  rm "$dir/watcher"
}
