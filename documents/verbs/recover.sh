# recover: makes the manager on this instance the only one of its swarm, with all services, nodes and secrets as it knows them.
# Every other manager has been fenced before. Comes after common.sh, machine.sh, node.sh, tokens.sh and publish.sh.

has_leader() {
  [ "$IS_MANAGER" = true ] && [ -z "$SWARM_ERROR" ] && [ -n "$SWARM_ID" ]
}

# Sets OTHERS: members of the raft that are not this one. Their records say manager for a while after the raft has forgotten them.
read_other_members() {
  if ! member_list=$(ask_lines '[0-9a-z]{1,25} [A-Za-z]*' 20 node ls --format "${O}.ID$C ${O}.ManagerStatus$C"); then
    docker_failed "docker node ls: $(cat "$WORK/error")"
  fi
  OTHERS=$(printf '%s\n' "$member_list" | awk -v own="$NODE_ID" 'NF == 2 && $1 != own { print $1 }')
}

# Not the one of a recovery that this one goes on with.
sees_another_leader() {
  if ! has_leader; then return 1; fi
  if [ "$RECOVERING" != "$SSM_newEpoch" ]; then return 0; fi
  read_other_members
  [ -n "$OTHERS" ]
}

# A leader that was fenced a moment ago is reported for another 20 s or so, until the next election. One that lives is reported for longer: there
# is a majority, and beside it this would be a second swarm of the same id.
outwait_leader() {
  patience=$(($(now) + 30))
  while sees_another_leader; do
    if [ "$(now)" -ge "$patience" ] || ! has_time; then fail 53 QuorumNotLost "node $NODE_ID sees a leader of swarm $SWARM_ID"; fi
    sleep 2
    if ! read_swarm 30; then fail 41 NoLeader 'docker is up, but docker info did not answer in time'; fi
  done
}

force() {
  api POST /swarm/init 90 "$(printf '{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"%s","DataPathAddr":"%s","DataPathPort":%d,"ForceNewCluster":true,"Spec":{"EncryptionConfig":{"AutoLockManagers":false}}}' \
    "$OWN_ADDRESS" "$OWN_ADDRESS" "$SSM_dataPathPort")"
  if [ "$STATUS" = 200 ]; then return 0; fi
  case $ANSWER in
  *'not a swarm manager'* | *'not part of a swarm'*) fail 40 NotManager "$(complaint)" ;;
  esac
  fail 50 DockerFailed "$(complaint)"
}

await_own_leader() {
  patience=$(($(now) + 60))
  until read_swarm 10 && has_leader; do
    if [ "$(now)" -ge "$patience" ] || ! has_time; then fail 41 NoLeader "after the recovery: $SWARM_ERROR"; fi
    sleep 1
  done
}

# The old managers' records, so that none of them is taken in again when it comes back: the leader would make a manager of it, beside
# any lock. Sets REMOVED.
remove_others() {
  REMOVED=0
  if ! old_managers=$(ask_ids 20 node ls --quiet --filter role=manager); then
    docker_failed "docker node ls: $(cat "$WORK/error")"
  fi
  for old_manager in $old_managers; do
    if [ "$old_manager" = "$NODE_ID" ]; then continue; fi
    # Out of the raft already, so that there is nothing to demote: docker says so, and makes a worker of nobody.
    ask 10 node demote "$old_manager" >/dev/null || :
    if ! ask 10 node rm --force "$old_manager" >/dev/null && ! grep -Eqi 'not found|no such node' "$WORK/error"; then
      docker_failed "docker node rm: $(cat "$WORK/error")"
    fi
    REMOVED=$((REMOVED + 1))
  done
}

check_expiry
need_tools sed grep awk od
need_signing_curl
check_instance "$SSM_instanceId"
lock -x 60
if ! docker_answers; then fail 21 DockerDown 'docker did not answer'; fi
# It may still believe in a leader that is gone: it answers when it no longer does.
if ! read_swarm 30; then fail 41 NoLeader 'docker is up, but docker info did not answer in time'; fi

EPOCH=$(remembered_epoch)
RECOVERING=$(cat "$MEMORY/recovering" 2>/dev/null) || RECOVERING=''
if [ "$EPOCH" != "$SSM_epoch" ] && [ "$EPOCH" != "$SSM_newEpoch" ]; then
  fail 52 FormerManager "this engine is a manager of epoch $EPOCH, the cluster is in epoch $SSM_epoch"
fi
if [ "$NODE_STATE" = inactive ]; then fail 40 NotManager 'this engine is in no swarm'; fi
if [ "$EPOCH" != "$SSM_newEpoch" ]; then
  outwait_leader
  # Before it is done, so that whoever asks again after this script was cut short knows whose leader it is.
  mkdir -p "$MEMORY"
  printf '%s\n' "$SSM_newEpoch" >"$MEMORY/recovering"
  if ! has_leader; then force; fi
fi
await_own_leader
if [ "$SWARM_ID" != "$SSM_swarmId" ]; then
  fail 33 ForeignSwarm "the cluster was founded as swarm $SSM_swarmId, and this engine leads $SWARM_ID"
fi
if [ "$EPOCH" != "$SSM_newEpoch" ]; then remember_epoch "$SSM_newEpoch"; fi
rm -f "$MEMORY/recovering"
remove_others
publish_tokens
finish "$(printf '{"nodeId":"%s","swarmId":"%s","caDigest":"%s","address":"%s:2377","epoch":%d,"removed":%d}' \
  "$NODE_ID" "$SWARM_ID" "$ca_digest" "$OWN_ADDRESS" "$SSM_newEpoch" "$REMOVED")"
