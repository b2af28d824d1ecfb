# shellcheck shell=bash
# The cgroups that the runtime's user made, in every hierarchy: cgroup v1, v2 and hybrid machines.

add_cgroup() {  # NAME
  [[ $1 =~ ^/sandboxlet-[A-Za-z0-9._-]+$ ]] || die "--cgroup '$1': wants /sandboxlet-NAME"
  cgroups+=("$1")
}

# note_cgroups: has stop remove the cgroups of this command line.
note_cgroups() {
  [[ ${#cgroups[@]} -eq 0 ]] || printf '%s\n' "${cgroups[@]}" >> "$dir/cgroups"
}

# cgroup_mounts: where each hierarchy is mounted.
cgroup_mounts() {
  awk '/ - cgroup2? / { print $5 }' /proc/self/mountinfo
}

# noted_cgroups: the folders of the noted cgroups, parents before children.
noted_cgroups() {
  local mount name
  for mount in $(cgroup_mounts); do
    while read -r name; do
      [[ ! -d $mount$name ]] || find "$mount$name" -type d
    done < <(sort -u "$dir/cgroups")
  done
}

# kill_cgroups: ends all that runs in them. Thaws first: cgroup v1 kills nothing that is frozen.
kill_cgroups() {
  await kill_noted || die "processes do not end in $(sort -u "$dir/cgroups" | tr '\n' ' ')"
}

kill_noted() {  # Fails while there are processes.
  local folder pids
  for folder in $(noted_cgroups); do
    [[ ! -e $folder/freezer.state ]] || echo THAWED 2> /dev/null > "$folder/freezer.state"
    [[ ! -e $folder/cgroup.freeze ]] || echo 0 > "$folder/cgroup.freeze"
  done
  pids=$(for folder in $(noted_cgroups); do cat "$folder/cgroup.procs"; done 2> /dev/null | sort -u)
  [[ -n $pids ]] || return 0
  # shellcheck disable=SC2086
  kill -s KILL $pids 2> /dev/null || true
  return 1
}

remove_cgroups() {
  await remove_noted || die "cannot remove $(noted_cgroups | tr '\n' ' ')"
}

remove_noted() {  # Fails while one is left: the dead leave theirs a moment later.
  local folders
  mapfile -t folders < <(noted_cgroups | sort -r)
  [[ ${#folders[@]} -eq 0 ]] || rmdir "${folders[@]}" 2> /dev/null
}
