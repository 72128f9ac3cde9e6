# join: makes this instance a node of its swarm, drained until a manager has labelled it.
# Comes after common.sh, machine.sh and identity.sh.

joined() {
  read_certificate
  if [ "$CERTIFICATE_SWARM" != "$SSM_swarmId" ]; then
    fail 33 ForeignSwarm "this node is in swarm $CERTIFICATE_SWARM, not in $SSM_swarmId"
  fi
  # Another address of this machine's: somebody made it join by hand, and the managers know it by that.
  if [ "$NODE_ADDRESS" != "$OWN_ADDRESS" ] || [ "$CERTIFICATE_NODE" != "$NODE_ID" ]; then
    fail 33 ForeignSwarm "the engine is node $NODE_ID at $NODE_ADDRESS, this instance is $CERTIFICATE_NODE at $OWN_ADDRESS"
  fi
  if [ "$CERTIFICATE_ROLE" != "$SSM_role" ]; then
    fail 34 NotActive "this node is a $CERTIFICATE_ROLE of the swarm, not a $SSM_role"
  fi
  if [ "$SSM_role" = manager ]; then
    await_leader
    refuse_autolock
  fi
  finish "$(printf '{"nodeId":"%s","address":"%s:2377","zone":"%s","engine":"%s","epoch":%d%s}' \
    "$NODE_ID" "$OWN_ADDRESS" "$ZONE" "$ENGINE" "$SSM_epoch" "$CLEARED")"
}

# A new manager is in the raft a moment after its engine calls itself active. Nobody else may come in before: with two on their way
# at once the managers answer to nothing for 20 s.
await_leader() {
  patience=$(($(now) + 40))
  until [ "$IS_MANAGER" = true ] && [ -z "$SWARM_ERROR" ] && [ -n "$SWARM_ID" ]; do
    if [ "$(now)" -ge "$patience" ] || ! has_time; then
      fail 41 NoLeader "node $NODE_ID has become no manager with a leader: $SWARM_ERROR"
    fi
    sleep 0.5
    read_swarm 10 || SWARM_ID=''
  done
}

# Waits while the engine is still on its way (an attempt goes on in the background after Docker's own 20 s). A manager that looks for a
# leader, as one does that was started anew while it joined, does not even answer to `docker info` then: it is asked again.
#
# Where no answer comes in time, the state is unknown. The one from before the attempt would call an engine inactive that is joining.
await_engine() {
  NODE_STATE=unknown
  while :; do
    if read_swarm 10; then
      if [ "$NODE_STATE" != pending ]; then return 0; fi
    elif ! docker_answers; then
      fail 21 DockerDown 'docker does not answer'
    fi
    if ! has_time || { [ "$NODE_STATE" = pending ] && is_given_up; }; then return 0; fi
    sleep 1
  done
}

# A worker that was started anew after its node was removed, as one that comes out of a warm pool may be, looks for that node for ever. So does one
# that is still a node while its managers have no leader, and it would lose its tasks: an election is long over by then. A manager's state is
# never given up.
is_given_up() {
  [ "$own_node" = sought ] && [ "$(now)" -ge "$patience" ] && [ ! -d "$DOCKER_ROOT/swarm/raft" ]
}

# An attempt that did not get through leaves the engine pending or in error: then it takes no other. A node that never was a
# manager loses nothing by leaving; one that was would lose the swarm's state. One whose state is unknown may be in no swarm at all.
reset() {
  if [ -d "$DOCKER_ROOT/swarm/raft" ]; then fail 34 NotActive "a manager's state is in the way ($NODE_STATE): $SWARM_ERROR"; fi
  if ! dk 15 swarm leave --force >/dev/null 2>"$WORK/error" && ! grep -q 'not part of a swarm' "$WORK/error"; then
    fail 34 NotActive "state $NODE_STATE: $SWARM_ERROR"
  fi
}

# Sets join_token.
read_join_token() {
  if ! parameters GetParameter "{\"Name\":\"/skep/$SSM_stage/$SSM_cluster/join-token/$SSM_role\",\"WithDecryption\":true}"; then
    fail 30 JoinTokenUnreadable "$PROBLEM"
  fi
  join_token=$(printf '%s' "$ANSWER" | grep -Eo 'SWMTKN-1-[0-9a-z]+-[0-9a-z]+' | sed -n 1p) || join_token=''
  ANSWER=''
  token_digest=${join_token#SWMTKN-1-}
  token_digest=${token_digest%-*}
  if [ -z "$token_digest" ]; then fail 30 JoinTokenUnreadable 'the parameter holds no join token'; fi
  if [ "$token_digest" != "$SSM_caDigest" ]; then
    fail 31 ForeignToken "the join token is for the CA $token_digest, the cluster has $SSM_caDigest"
  fi
}

# Managers that take a connection come first. Docker dials the first address that it is given and no other, for as long as 20 s,
# so each is tried in its turn.
put_in_order() { # IP:PORT,IP:PORT...
  answering=''
  silent=''
  for address in $(printf '%s' "$1" | tr ',' ' '); do
    dialled=0
    curl -q -s -k -o /dev/null --connect-timeout 2 --max-time "$(within 3)" "https://$address/" 3>&- || dialled=$?
    case $dialled in
    7 | 28) silent="$silent $address" ;; # refused, timed out
    *) answering="$answering $address" ;;
    esac
  done
  addresses="$answering$silent"
}

# Sets reason, and leaves the engine where await_engine does.
attempt_by() { # IP:PORT
  api POST /swarm/join 30 "$(printf '{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"%s","DataPathAddr":"%s","RemoteAddrs":["%s"],"JoinToken":"%s","Availability":"drain"}' \
    "$OWN_ADDRESS" "$OWN_ADDRESS" "$1" "$join_token")"
  reason=$(complaint)
  await_engine
}

attempt() {
  tried=''
  for address in $addresses; do
    if [ -n "$tried" ] && [ "$NODE_STATE" != inactive ]; then reset; fi
    attempt_by "$address"
    tried=$address
    if [ "$NODE_STATE" = active ] || is_refused || ! has_time; then break; fi
  done
}

# A join token may be made anew between its reading and its use: the managers then refuse the one that was read, and the new one is
# published a moment later. Read once more it is another, or nobody has published it yet: for that there is a minute.
is_refused() {
  case "$reason $SWARM_ERROR" in
  *'valid join token is necessary'*) return 0 ;;
  esac
  return 1
}

join_swarm() {
  read_join_token
  attempt
  patience=$(($(now) + 60))
  while is_refused && [ "$NODE_STATE" != active ] && [ "$(now)" -lt "$patience" ] && has_time; do
    refused=$join_token
    read_join_token
    if [ "$join_token" = "$refused" ]; then
      sleep 2
    else
      if [ "$NODE_STATE" != inactive ]; then reset; fi
      attempt
    fi
  done
  join_token=''
  refused=''
}

begin_alone openssl sed grep awk od
own_node=sought
patience=$(($(now) + 120))
await_engine
own_node=known
if [ "$NODE_STATE" = unknown ]; then fail 21 DockerDown 'docker info did not answer in time'; fi
check_own_epoch
case $NODE_STATE in
active) joined ;;
inactive) ;;
*) reset ;;
esac

# Before it is in, since it may die right after: an engine in no swarm is not asked for its epoch.
remember_epoch "$SSM_epoch"
put_in_order "$SSM_managers"
join_swarm
case $NODE_STATE in
active) joined ;;
inactive) fail 32 JoinFailed "$reason" ;;
*)
  # Left as it is, the engine would go on trying, and come in when nobody expects it any more.
  reset
  fail 32 JoinFailed "state $NODE_STATE: $SWARM_ERROR $reason"
  ;;
esac
