# survey: tells what the engine of this instance says of itself as a manager. Changes nothing, and needs neither leader nor quorum.
# Comes after common.sh and machine.sh.

# When the state of the raft was last written: a guess at who knows most, since without a leader no engine tells how far it has come.
raft_time() {
  raft_newest=$(find "$1/swarm/raft" -type f -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)
  echo "${raft_newest%%.*}" | sed 's/^$/0/'
}

check_expiry
need_tools find sort tail sed
check_instance "$SSM_instanceId"
lock -s 5

RECOVERING=$(cat "$MEMORY/recovering" 2>/dev/null) || RECOVERING=''
case $RECOVERING in
'' | *[!0-9]*) RECOVERING=0 ;;
esac
RUNS=false
NODE_STATE=''
IS_MANAGER=false
NODE_ID=''
SWARM_ID=''
DOCKER_ROOT=/var/lib/docker
if docker_answers; then
  RUNS=true
  # One that has lost its leader a moment ago believes in it for a while, and answers to nothing meanwhile.
  if ! read_swarm 25; then fail 41 NoLeader 'docker is up, but docker info did not answer in time'; fi
fi
LEADER=false
MEMBERS=0
REMOTES=''
if [ "$IS_MANAGER" = true ]; then
  # Without a leader it still calls itself a manager, and knows no swarm.
  if [ -z "$SWARM_ERROR" ] && [ -n "$SWARM_ID" ]; then LEADER=true; fi
  survey_format="${O}.Swarm.Managers$C|${O}range .Swarm.RemoteManagers$C${O}.NodeID$C@${O}.Addr$C ${O}end$C"
  survey_said=$(dk 25 info --format "$survey_format" 2>/dev/null) || survey_said='0|'
  MEMBERS=${survey_said%%|*}
  REMOTES=$(printf '%s' "${survey_said#*|}" | tr -cd '0-9a-z@.: ' | sed 's/ *$//; s/ /","/g; s/.*/"&"/; s/^""$//')
fi
RAFT=$(raft_time "$DOCKER_ROOT")
finish "$(printf '{"runs":%s,"state":"%s","manager":%s,"leader":%s,"members":%d,"nodeId":"%s","swarmId":"%s","raftTime":%d,"epoch":"%s","recovering":%d,"remotes":[%s]}' \
  "$RUNS" "$NODE_STATE" "$IS_MANAGER" "$LEADER" "$MEMBERS" "$NODE_ID" "$SWARM_ID" "$RAFT" "$(remembered_epoch)" "$RECOVERING" "$REMOTES")"
