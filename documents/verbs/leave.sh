# leave: waits on the instance that is leaving until its tasks have stopped; where the disk lives on, it also leaves the swarm. The last
# manager of a cluster ends its swarm by that, where a person has said so.
# Comes after common.sh and machine.sh.

# A launch is undone also where it failed since somebody had made the instance a node of another swarm: that one is not ours to leave.
# Where nothing can be read of it the engine is taken for one of ours, as before a certificate there is no membership.
is_foreign() {
  # A command of an execution that began before this parameter was there.
  if [ "$SSM_swarmId" = unknown ]; then return 1; fi
  # A manager of a swarm that is not on record yet may be one whose founding nobody has heard of.
  if [ "$SSM_swarmId" = none ] && [ "$IS_MANAGER" = true ]; then return 1; fi
  if ! command -v openssl >/dev/null; then return 1; fi
  read_certificate
  [ -n "$CERTIFICATE_SWARM" ] && [ "$CERTIFICATE_SWARM" != "$SSM_swarmId" ]
}

report() { # NODE_ID DRAINED
  leave_node=''
  leave_member=false
  if [ -n "$1" ]; then
    leave_node="\"nodeId\":\"$1\","
    leave_member=true
  fi
  finish "$(printf '{"member":%s,%s"drained":%s,"containers":%d,"plain":%d}' "$leave_member" "$leave_node" "$2" "$CONTAINERS" "$PLAIN")"
}

# Sets CONTAINERS (of swarm tasks) and PLAIN (all others), running ones, from one answer: between two, one may end and count as
# the other kind. Fails when the engine does not answer, or with anything else.
count_containers() {
  # As JSON, since whoever runs a container may give it any label.
  container_list=$(dk 10 ps --format "container ${O}json (.Label \"com.docker.swarm.task.id\")$C") || return 1
  if printf '%s' "$container_list" | grep -Evq '^container "'; then return 1; fi
  CONTAINERS=$(printf '%s\n' "$container_list" | grep -Ec '^container "[^"]') || :
  PLAIN=$(printf '%s\n' "$container_list" | grep -Ec '^container ""') || :
}

is_last() { [ "$SSM_depart" = last ] && [ "$IS_MANAGER" = true ]; }

# Whatever is not Down may come back and look for its managers. Unknown is not Down.
check_last() {
  if [ -n "$SWARM_ERROR" ] || [ -z "$SWARM_ID" ]; then
    fail 41 NoLeader "whether node $member is the last one of its swarm nobody can tell: $SWARM_ERROR"
  fi
  if ! last_list=$(dk 20 node ls --format "${O}.Self$C ${O}.Status$C" 2>"$WORK/error"); then
    docker_failed "docker node ls: $(cat "$WORK/error")"
  fi
  # It lists this node at least. What is no list must not end a swarm.
  if printf '%s\n' "$last_list" | grep -Evqx '(true|false) [A-Za-z]+'; then
    fail 50 DockerFailed 'docker node ls: docker answered in another form than it was asked for'
  fi
  last_others=$(printf '%s\n' "$last_list" | awk '$1 == "false" && $2 != "Down"' | grep -c .) || :
  if [ "$last_others" != 0 ]; then fail 55 NotLast "the swarm of node $member has $last_others other nodes"; fi
}

# Its own tasks are told to stop as those of any node that goes, though nobody is left to take them over.
begin_last() {
  lock -x 10
  check_last
  if ! dk 20 node update --availability drain "$member" >/dev/null 2>"$WORK/error"; then
    docker_failed "docker node update: $(cat "$WORK/error")"
  fi
}

end_swarm() {
  check_last
  if ! dk 60 swarm leave --force >/dev/null 2>"$WORK/error"; then
    if ! grep -q 'not part of a swarm' "$WORK/error"; then fail 50 DockerFailed "$(cat "$WORK/error")"; fi
  fi
  # What a recovery of this swarm had begun is nothing to the next one.
  rm -f "$MEMORY/recovering"
}

CONTAINERS=0
PLAIN=0
check_expiry
need_tools curl flock timeout awk grep
check_instance "$SSM_instanceId"
# Before the lock, which a join may hold: the join looks at the fence while it waits, and stops.
make_folder
printf '%s\n' "$SSM_notAfter" >"$FENCE"
# Where it has nothing to leave, it takes the lock for nothing else.
(
  exec 9>/run/skep/lock
  clear_leftovers
)

if ! command -v docker >/dev/null; then report '' true; fi
patience=$(($(now) + 15))
until docker_answers && read_swarm 10; do
  # Nothing can be asked of it, and the managers have seen its node go down: they have the last word.
  if [ "$(now)" -ge "$patience" ] || ! has_time; then report '' false; fi
  sleep 1
done
member=$NODE_ID
if [ "$NODE_STATE" = inactive ]; then member=''; fi
# A manager that missed a recovery is no member of this swarm: nobody's tasks are waited for, and it goes as it is.
if [ "$IS_MANAGER" = true ] && [ "$(remembered_epoch)" != "$SSM_epoch" ]; then report '' false; fi

# Its tasks are not ours either.
if [ -n "$member" ] && is_foreign; then
  finish "$(printf '{"member":false,"drained":true,"containers":0,"plain":0,"foreign":"%s"}' "$CERTIFICATE_SWARM")"
fi

# The last one keeps the lock: nobody is confirmed by it meanwhile.
if is_last; then begin_last; fi

# Without the lock, since it may take long. What `docker ps` shows is not the proof: the managers' view is, and forget asks them.
DRAINED=false
while :; do
  if count_containers && [ "$CONTAINERS" = 0 ]; then
    DRAINED=true
    break
  fi
  if [ "$(now)" -ge "$SSM_waitUntil" ] || ! has_time; then break; fi
  sleep 1
done

if is_last; then
  if ! read_swarm 10; then fail 21 DockerDown 'docker info did not answer'; fi
  end_swarm
elif [ "$SSM_depart" != no ] && [ -n "$member" ]; then
  lock -x 10
  if ! read_swarm 10; then fail 21 DockerDown 'docker info did not answer'; fi
  if [ "$IS_MANAGER" = true ]; then fail 45 StillManager "node $member is a manager"; fi
  if [ "$NODE_STATE" != inactive ] && ! dk 20 swarm leave >/dev/null 2>"$WORK/error"; then
    if grep -q 'participating as a manager' "$WORK/error"; then fail 45 StillManager "$(cat "$WORK/error")"; fi
    if ! grep -q 'not part of a swarm' "$WORK/error"; then fail 50 DockerFailed "$(cat "$WORK/error")"; fi
  fi
fi
report "$member" "$DRAINED"
