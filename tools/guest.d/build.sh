# shellcheck shell=bash
# A guest's kernel and the disk that each run begins with, from Debian's packages as the apt of this
# machine knows them. They are unpacked and not installed, so neither this machine nor what is in the
# guest is any other for it, and it takes seconds.

readonly packages=$tools/guest.d/packages overlay=$tools/guest.d/root
# In days: another version of the tree may still use what this one does not.
readonly unused_for=14

# built_folder: prints the folder with "kernel" and "disk", and makes it first where it is not there.
built_folder() {
  local folder
  folder=$cache/$(inputs)
  mkdir -p "$cache"
  exec {lock}< "$cache"
  flock "$lock"
  if [[ ! -e $folder ]]; then
    find "$cache" -mindepth 1 -maxdepth 1 -mtime "+$unused_for" -exec rm -rf {} +
    build "$folder"
  fi
  touch "$folder"
  exec {lock}<&-
  echo "$folder"
}

# inputs: a name for what it is made from.
inputs() {
  local sum
  sum=$( (cd "$tools/guest.d" && find build.sh packages root -type f -exec sha256sum {} + | sort &&
    cat /etc/debian_version) | sha256sum)
  echo "${sum:0:16}"
}

# build FOLDER: all of it or nothing.
build() {
  local log
  work=$(mktemp -d "$cache/.work-XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  log=$work/log
  echo "guest: building its disk once, which may take a minute" >&2
  SECONDS=0
  mkdir "$work/out" "$work/root"
  if ! (fetch_packages && fill_root && make_disk) > "$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "cannot build it"
  fi
  mv "$work/out" "$1"
  rm -rf "$work"
  trap - EXIT
  echo "guest: built in $SECONDS s" >&2
}

# fetch_packages: with the machine's own sources and keys, and lists and a status of our own, in which
# nothing is installed.
fetch_packages() {
  local names options
  mkdir -p "$work"/state/lists/partial "$work"/debs/partial
  : > "$work/status"
  options=(-o "Dir::State=$work/state" -o "Dir::State::status=$work/status"
    -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/debs" -o APT::Sandbox::User=root)
  mapfile -t names < <(sed 's/#.*//' "$packages" | tr -s ' ' '\n' | grep .)
  # A source besides Debian's that fails is no reason.
  apt-get "${options[@]}" update || true
  apt-get "${options[@]}" install -y --no-install-recommends --download-only "${names[@]}"
}

fill_root() {
  local root=$work/root name package unit
  for name in bin sbin lib lib64; do
    mkdir -p "$root/usr/$name"
    ln -s "usr/$name" "$root/$name"
  done
  for package in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -C "$root" -x --keep-directory-symlink \
      --exclude=./usr/share/{doc,info,locale,man} || return
  done
  cp -rT "$overlay" "$root"
  # What the packages' scripts would have done.
  cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
  ln -s mawk "$root/usr/bin/awk"
  ln -s iptables-nft "$root/usr/sbin/iptables"
  # Nobody logs in.
  for unit in getty.target systemd-logind.service systemd-user-sessions.service; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
  done
  chroot "$root" ldconfig
  mv "$root"/boot/vmlinuz-* "$work/out/kernel"
  chroot "$root" depmod "$(ls "$root/usr/lib/modules")"
}

make_disk() {
  truncate -s 8G "$work/out/disk"
  mke2fs -q -t ext4 -d "$work/root" "$work/out/disk"
}
