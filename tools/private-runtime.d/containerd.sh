# shellcheck shell=bash
# containerd itself: started, known to be ready, given images.

ctr_here() {
  ctr --address "$socket" --namespace k8s.io --connect-timeout 2s "$@"
}

# serve: a containerd that answers, the one that runs or a new one.
serve() {
  local pid
  pid=$(containerds)
  if [[ -z $pid ]]; then
    launch "$log" containerd --config "$config"
    pid=$!
  fi
  await answers_or_ended "$pid" || die "containerd does not answer"
  [[ -n $(started "$pid") ]] || die "containerd ended at once"
}

answers_or_ended() {  # PID
  [[ -z $(started "$1") ]] || { [[ -S $socket ]] && ctr_here version > /dev/null 2>&1; }
}

import_images() {  # TAR...
  local tar
  for tar in "$@"; do
    ctr_here images import "$tar" > /dev/null || die "cannot import $tar"
  done
}

# await_cri: until CRI has recovered its pods and knows every image that was imported. It gives
# each image of its namespace this label, one event after the other, and nothing else tells from
# outside how far it is. So take the label from one image and wait for it to come back.
readonly image=sandboxlet.test/pause:1 label=io.cri-containerd.image
await_cri() {
  await relabelled || die "CRI does not get ready"
}

relabelled() {
  local tries
  ctr_here images label "$image" "$label=" > /dev/null
  # An event before CRI listens is lost: after a second, ask again.
  for ((tries = 0; tries < 20; ++tries)); do
    [[ -z $(ctr_here images list -q "name==$image,labels.\"$label\"==managed") ]] || return 0
    sleep 0.02
  done
  return 1
}

print_status() {
  local pid
  pid=$(containerds)
  if [[ -n $pid ]]; then
    echo "running $pid $socket"
  elif [[ -e $dir/cgroups ]]; then
    echo dead && exit 3
  else
    echo absent && exit 3
  fi
}
