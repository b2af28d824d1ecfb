# shellcheck shell=bash
# What a machine needs to build and run a guest.

readonly guest_programs=(qemu-system-x86_64 apt-get dpkg-deb mke2fs tar setpriv)

# why_not: the first reason why this machine cannot; nothing where it can.
why_not() {
  local program
  if ((EUID != 0)); then
    echo "only root can make a guest's disk"
    return
  fi
  if [[ $(uname -m) != x86_64 ]]; then
    echo "guests are for x86_64, and this is $(uname -m)"
    return
  fi
  for program in "${guest_programs[@]}"; do
    if ! command -v "$program" > /dev/null; then
      echo "$program is not installed (tools/install-deps adds it)"
      return
    fi
  done
}
