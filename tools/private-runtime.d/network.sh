# shellcheck shell=bash
# The runtime's own network: a bridge that reaches this host and nothing else. We make it, and the
# CNI plugin only plugs pods in: so no rule, no forwarding and no setting of the host is touched,
# and the bridge's own address tells other runtimes that the subnet is taken.

make_network() {
  local conf=$dir/cni/conf/10-bridge.conflist subnets prefix
  [[ ! -e $conf ]] || return 0
  exec {subnets}> /run/lock/sandboxlet-subnets
  flock "$subnets"
  prefix=$(free_prefix)
  # An address of its own: a bridge without one takes that of a port, and pods lose their gateway
  # whenever that port goes.
  ip link add "sbx-$tag" address "02:5b:${tag:0:2}:${tag:2:2}:${tag:4:2}:${tag:6:2}" type bridge
  ip address add "$prefix.1/22" dev "sbx-$tag"
  exec {subnets}>&-
  ip link set "sbx-$tag" up

  mkdir -p "${conf%/*}"
  cat > "$conf" << END
{
  "cniVersion": "0.4.0",
  "name": "sandboxlet-$tag",
  "plugins": [{
    "type": "bridge",
    "bridge": "sbx-$tag",
    "ipam": {
      "type": "host-local",
      "dataDir": "$dir/cni/data",
      "ranges": [[{"subnet": "$prefix.0/22", "gateway": "$prefix.1"}]],
      "routes": [{"dst": "0.0.0.0/0"}]
    }
  }]
}
END
}

# free_prefix: three bytes of a /22 that nobody uses, out of the range for testing networks
# (198.18.0.0/15, RFC 2544), beginning where the folder's name says.
free_prefix() {
  local taken i n second third
  taken=$(ip -4 address && ip -4 route show table all)
  for ((i = 0; i < 128; ++i)); do
    n=$(((16#$tag + i) % 128)) second=$((18 + n / 64)) third=$((n % 64 * 4))
    [[ $taken =~ 198\.$second\.($third|$((third + 1))|$((third + 2))|$((third + 3)))\. ]] && continue
    echo "198.$second.$third"
    return
  done
  die "every subnet of 198.18.0.0/15 is taken"
}

remove_network() {
  local port
  # Else they go when the kernel finds time for their namespaces.
  for port in /sys/class/net/"sbx-$tag"/brif/*; do
    [[ ! -e $port ]] || ip link delete "${port##*/}" 2> /dev/null || true
  done
  [[ ! -e /sys/class/net/sbx-$tag ]] || ip link delete "sbx-$tag"
}
