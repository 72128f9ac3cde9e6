# rotate: makes the join tokens of the swarm anew, and publishes them. Nodes that are in the swarm already do not need them.
# Runs on any manager. Comes after common.sh, machine.sh, node.sh, tokens.sh and publish.sh.

rotate() { # ROLE
  # It prints the new token, which nobody is to see.
  if ! ask 10 swarm join-token --rotate --quiet "$1" >/dev/null; then
    docker_failed "docker swarm join-token: $(cat "$WORK/error")"
  fi
}

# Somebody else may have made them anew between the reading and the writing, on another manager or by hand: what is published last
# must be what the swarm has.
publish_what_holds() {
  rounds=5
  published=''
  read_tokens
  while [ "$published" != "$worker_token $manager_token" ]; do
    if [ "$rounds" = 0 ]; then fail 46 UpdateConflict 'others keep making the join tokens anew'; fi
    rounds=$((rounds - 1))
    publish worker "$worker_token"
    publish manager "$manager_token"
    published="$worker_token $manager_token"
    read_tokens
  done
  published=''
}

lock -x 5
need_tools sed grep awk od sha256sum cut
need_signing_curl
need_own_manager
open_metadata
rotate worker
rotate manager
publish_what_holds
finish "$(printf '{"swarmId":"%s","caDigest":"%s","worker":"%s","manager":"%s"%s}' \
  "$SWARM_ID" "$ca_digest" "$(digest_of "$worker_token")" "$(digest_of "$manager_token")" "$(managers_told)")"
