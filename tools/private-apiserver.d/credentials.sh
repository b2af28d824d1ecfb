# shellcheck shell=bash
# The certificates and keys of one API server, each signed by a CA of its own, and the kubeconfig of
# its administrator.

make_credentials() {
  mkdir "$dir/ca"
  touch "$dir/ca/index"
  write_ca_config
  request ca /CN=sandboxlet-test-ca basicConstraints=critical,CA:TRUE \
    keyUsage=critical,keyCertSign,cRLSign
  sign ca -selfsign
  request server /CN=kube-apiserver extendedKeyUsage=serverAuth \
    subjectAltName=IP:127.0.0.1,DNS:localhost
  sign server
  # Who is in this group may do everything, whatever RBAC says.
  request admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  sign admin
  openssl ecparam -name prime256v1 -genkey -noout -out "$dir/service-account.key"
}

write_ca_config() {
  cat > "$dir/ca/config" << END
[req]
distinguished_name = subject
[ca]
default_ca = here
[here]
database = $dir/ca/index
new_certs_dir = $dir/ca
certificate = $dir/ca.crt
private_key = $dir/ca.key
rand_serial = yes
default_md = sha256
policy = subject
copy_extensions = copyall
[subject]
organizationName = optional
commonName = supplied
END
}

# request NAME SUBJECT EXTENSION...: a key, and what is to be signed for it.
request() {
  local name=$1 subject=$2 extension extensions=()
  shift 2
  for extension in "$@"; do extensions+=(-addext "$extension"); done
  quietly openssl req -new -config "$dir/ca/config" -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
    -nodes -keyout "$dir/$name.key" -out "$dir/ca/$name.csr" -subj "$subject" "${extensions[@]}"
}

# sign NAME [-selfsign]: good from yesterday on, for those whose clock is behind.
sign() {
  quietly openssl ca -batch -notext -config "$dir/ca/config" -in "$dir/ca/$1.csr" \
    -out "$dir/$1.crt" -startdate "$(date -u -d '1 day ago' +%Y%m%d%H%M%SZ)" -days 30 "${@:2}"
}

# quietly COMMAND...: what it says is told only where it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || die "$said"
}

write_kubeconfig() {
  cat > "$dir/admin.kubeconfig" << END
apiVersion: v1
kind: Config
clusters:
- name: private
  cluster:
    server: $(url)
    certificate-authority-data: $(base64 -w 0 "$dir/ca.crt")
users:
- name: admin
  user:
    client-certificate-data: $(base64 -w 0 "$dir/admin.crt")
    client-key-data: $(base64 -w 0 "$dir/admin.key")
contexts:
- name: private
  context:
    cluster: private
    user: admin
current-context: private
END
}
