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

# noted_cgroups: the folders of the noted cgroups, one in each hierarchy that has it.
noted_cgroups() {
  local mount name
  for mount in $(cgroup_mounts); do
    while read -r name; do
      [[ ! -d $mount$name ]] || echo "$mount$name"
    done < <(sort -u "$dir/cgroups")
  done
}

# kill_cgroups: ends all that runs in them. Thaws first: cgroup v1 kills nothing that is frozen.
kill_cgroups() {
  await kill_noted || die "processes do not end in $(sort -u "$dir/cgroups" | tr '\n' ' ')"
}

kill_noted() {  # Fails while there are processes.
  local folders file pids
  mapfile -t folders < <(noted_cgroups)
  [[ ${#folders[@]} -gt 0 ]] || return 0
  while read -r file; do
    case $file in
      */freezer.state) echo THAWED > "$file" ;;
      *) echo 0 > "$file" ;;
    esac
  done < <(find "${folders[@]}" -name freezer.state -o -name cgroup.freeze) 2> /dev/null
  pids=$(find "${folders[@]}" -name cgroup.procs -exec cat {} + 2> /dev/null | sort -u)
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
  mapfile -t folders < <(noted_cgroups)
  [[ ${#folders[@]} -eq 0 ]] || find "${folders[@]}" -depth -type d -exec rmdir {} + 2> /dev/null
}
