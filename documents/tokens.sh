# How a manager writes the join tokens of its swarm to Parameter Store. Comes after common.sh and machine.sh.

publish() { # ROLE TOKEN
  body=$(printf '{"Name":"/skep/%s/%s/join-token/%s","Value":"%s","Type":"SecureString","KeyId":"%s","Overwrite":true}' \
    "$SSM_stage" "$SSM_cluster" "$1" "$2" "$SSM_tokenKey")
  if ! parameters PutParameter "$body"; then fail 38 JoinTokenUnpublished "$PROBLEM"; fi
  body=''
}

# Sets worker_token, manager_token, and ca_digest, which each token carries.
read_tokens() {
  api GET /swarm 20 ''
  if [ "$STATUS" != 200 ]; then fail 50 DockerFailed "$(complaint)"; fi
  tokens=$(printf '%s' "$ANSWER" | sed -n 's/.*"JoinTokens":{\([^}]*\)}.*/{\1}/p')
  ANSWER=''
  worker_token=$(json_text Worker "$tokens")
  ca_digest=${worker_token#SWMTKN-1-}
  ca_digest=${ca_digest%-*}
  if [ -z "$ca_digest" ]; then fail 50 DockerFailed 'the engine told no join token'; fi
  manager_token=$(json_text Manager "$tokens")
  tokens=''
}

publish_tokens() {
  read_tokens
  publish worker "$worker_token"
  publish manager "$manager_token"
}

# What may be told of a join token. It cannot be guessed from that: a token has 128 random bits.
digest_of() { # TOKEN
  printf '%s' "$1" | sha256sum | cut -c 1-64
}
