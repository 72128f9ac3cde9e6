# Of all three servers: {{ env "SERVER" }} is first, second or third.
api_addr     = "https://{{ env "SERVER" }}:8200"
cluster_addr = "https://{{ env "SERVER" }}:8201"

storage "raft" {
  path = "/openbao/file"

  # On another node a server is another one: it comes without data, and its peers send them.
  node_id = "{{ env "SERVER" }}-{{ .Node.Hostname }}"

  retry_join {
    leader_api_addr     = "https://first:8200"
    leader_ca_cert_file = "/run/secrets/bao-ca"
  }
  retry_join {
    leader_api_addr     = "https://second:8200"
    leader_ca_cert_file = "/run/secrets/bao-ca"
  }
  retry_join {
    leader_api_addr     = "https://third:8200"
    leader_ca_cert_file = "/run/secrets/bao-ca"
  }
}

listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/run/secrets/bao-certificate"
  tls_key_file  = "/run/secrets/bao-certificate-key"
}

# The managers keep the key, encrypted. A key in KMS would need the role of the node, which containers do not reach.
seal "static" {
  current_key_id = "first"
  current_key    = "file:///run/secrets/bao-unseal-key"
}
