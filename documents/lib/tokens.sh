# How a manager reads the join tokens of its swarm, and what may be told of them. Comes after common.sh and machine.sh.

# Sets worker_token, manager_token, and ca_digest, which each token carries.
read_tokens() {
  api GET /swarm 20 ''
  if [ "$STATUS" != 200 ]; then fail 50 DockerFailed "$(complaint)"; fi
  tokens=$(printf '%s' "$ANSWER" | sed -n 's/.*"JoinTokens":{\([^}]*\)}.*/{\1}/p')
  ANSWER=''
  worker_token=$(json_text Worker "$tokens")
  manager_token=$(json_text Manager "$tokens")
  tokens=''
  if [ "${#worker_token}" -gt 200 ]; then worker_token=''; fi
  case $worker_token@$manager_token in
  @* | *@ | *[!0-9A-Za-z@-]*) fail 50 DockerFailed 'the engine told no join tokens' ;;
  esac
  ca_digest=${worker_token#SWMTKN-1-}
  ca_digest=${ca_digest%-*}
}

# What may be told of a join token. It cannot be guessed from that: a token has 128 random bits.
digest_of() { # TOKEN
  printf '%s' "$1" | sha256sum | cut -c 1-64
}
