# shellcheck shell=bash
# One run. All that it writes is in files without a name, so none is left whichever way it ends.

readonly processors=2 memory=2560M

# run COMMAND...
run() {
  local folder luggage console result ended=0 status
  folder=$(built_folder)
  open_nameless luggage
  open_nameless console
  open_nameless result
  pack > "/dev/fd/$luggage"
  boot "$@" | cat || ended=$?
  status=$(< "/dev/fd/$result")
  [[ -n $status ]] || give_up "$ended"
  exit "$status"
}

# open_nameless VARIABLE: a file of our own, open for reading and writing.
open_nameless() {
  local file
  file=$(mktemp)
  eval "exec {$1}<> '$file'"
  rm "$file"
}

# pack: what the guest is given, as a tar archive that is a disk to it.
pack() {
  "$tools/make-images" "$sources/build/images" > /dev/null
  # The images are made with this very busybox, and would be made anew with another.
  tar -c -P --exclude="$sources/build" --exclude="$sources/.git" --sparse \
    "$sources" "$(command -v busybox)"
  tar -c -P "$sources/build/images" "${added[@]}"
}

# command_text COMMAND...: for the guest's shell, without characters that QEMU would take for its own.
command_text() {
  { printf 'cd %q &&' "$sources" && printf ' %q' "$@"; } | base64 -w 0
}

# boot COMMAND...: ends with the machine, its time limit or this process.
boot() {
  exec setpriv --pdeathsig KILL timeout -k 5 "$limit" setpriv --pdeathsig KILL \
    qemu-system-x86_64 -nodefaults -no-user-config -display none \
    -machine q35 -accel tcg,thread=multi -cpu max -smp "$processors" -m "$memory" \
    -kernel "$folder/kernel" -append "root=/dev/nvme0n1 rw systemd.unit=guest.target console=ttyS0 quiet mitigations=off" \
    -drive "if=none,id=disk,format=raw,file=$folder/disk,snapshot=on,cache=unsafe" \
    -device nvme,drive=disk,serial=disk \
    -drive "if=none,id=luggage,format=raw,file=/dev/fd/$luggage,readonly=on" \
    -device virtio-blk-pci,drive=luggage \
    -chardev "file,id=console,path=/dev/fd/$console" -serial chardev:console \
    -chardev file,id=output,path=/dev/fd/1 -chardev "file,id=result,path=/dev/fd/$result" \
    -device virtio-serial-pci -device virtserialport,chardev=output,name=output \
    -device virtserialport,chardev=result,name=result \
    -fw_cfg "name=opt/sandboxlet/command,string=$(command_text "$@")" < /dev/null
}

# give_up CODE: of a run whose command told no exit code.
give_up() {
  tail -n 20 "/dev/fd/$console" >&2
  (($1 != 124)) || { echo "guest: not done after $limit s" >&2 && exit 124; }
  die "the machine ended before its command"
}
