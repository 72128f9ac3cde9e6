# demote: makes a manager a worker, and waits a moment until the others see it. Under the cluster's membership lock.
# Runs on another manager than the one that is meant. Comes after common.sh and node.sh.

# Sets MEMBERS to the ids of the raft's members, and REACHABLE to those that the leader reaches.
read_members() {
  if ! members_text=$(ask_lines '[0-9a-z]{1,25} [A-Za-z]*' 20 node ls --format "${O}.ID$C ${O}.ManagerStatus$C"); then
    docker_failed "docker node ls: $(cat "$WORK/error")"
  fi
  MEMBERS=$(printf '%s\n' "$members_text" | awk 'NF == 2 { print $1 }')
  REACHABLE=$(printf '%s\n' "$members_text" | awk '$2 == "Leader" || $2 == "Reachable" { print $1 }')
}

# Finds a member of the raft that nobody has labelled yet by the address that it has there: its join was cut short, and its
# answer, which told the node id, was lost.
find_member() { # ADDRESS
  read_members
  for member_id in $MEMBERS; do
    if read_node "$member_id" && [ "${FOUND_MEMBER#*@}" = "$1" ] &&
      ! printf '%s\n' "$FOUND_LABELS" | grep -Fq '"skep.instance":'; then
      return 0
    fi
  done
  return 1
}

find_manager() {
  find_node "$SSM_nodeId" "$SSM_instanceId" || { [ "$SSM_address" != none ] && find_member "$SSM_address"; }
}

# SwarmKit's own rule, and the cluster's. Of the first it is the leader that applies it in the end, to what it sees at that moment.
# Both must hold now, and when those are gone who were told to go before: a demotion that was accepted is a standing order, which is
# carried out as soon as the quorum allows it.
check_quorum() {
  read_members
  # shellcheck disable=SC2086 # ids, one word each
  if ! member_roles=$(ask_lines '[0-9a-z]{1,25} (worker|manager)' 5 node inspect --format "${O}.ID$C ${O}.Spec.Role$C" $MEMBERS); then
    docker_failed "docker node inspect: $(cat "$WORK/error")"
  fi
  staying=$(printf '%s\n' "$member_roles" | awk '$2 == "manager" { print $1 }')
  staying_reachable=$(printf '%s\n' "$REACHABLE" | grep -Fx "$staying") || :
  need_majority "$MEMBERS" "$REACHABLE"
  need_majority "$staying" "$staying_reachable"
  # SwarmKit's rule alone would let three managers become one within seconds.
  if [ "$reachable_left" -lt "$SSM_least" ]; then
    fail 48 QuorumWouldBreak "without node $FOUND_ID $reachable_left managers are reachable, and $SSM_least are wanted"
  fi
}

# Sets reachable_left.
need_majority() { # MEMBERS REACHABLE
  members_left=$(printf '%s\n' "$1" | awk -v own="$FOUND_ID" 'NF && $1 != own' | grep -c .) || :
  reachable_left=$(printf '%s\n' "$2" | awk -v own="$FOUND_ID" 'NF && $1 != own' | grep -c .) || :
  if [ "$reachable_left" -lt $((members_left / 2 + 1)) ]; then
    fail 48 QuorumWouldBreak "without node $FOUND_ID $reachable_left of $members_left managers are reachable"
  fi
}

# Accepted is not done: the leader takes the member out of the raft when it comes to it, and puts it off while that would cost the
# quorum. A demotion of the leader waits for an election, too: no answer is no failure yet.
is_worker() {
  demote_seen=$(ask 5 node inspect --format "${O}.Spec.Role$C${O}if .ManagerStatus$C member${O}end$C" "$FOUND_ID") &&
    [ "$demote_seen" = worker ]
}

await_worker() {
  patience=$(($(now) + 10))
  until is_worker; do
    if [ "$(now)" -ge "$patience" ] || ! has_time; then fail 49 DemotionPending "node $FOUND_ID is still in the raft"; fi
    sleep 0.5
  done
}

# In the same update paused: as a worker that is active it would be given tasks, for the moment until it is drained. And with skep's
# mark, by which a tidy takes the pause back should nobody go on. What a person has paused or drained is left so, and bears no mark.
make_worker() {
  if [ "$FOUND_AVAILABILITY" = active ]; then
    write_node worker pause "$(printf '%s\n"skep.leaving":"true"\n' "$FOUND_LABELS" | sed '/^$/d' | sort -u)"
  else
    write_node worker "$FOUND_AVAILABILITY" "$FOUND_LABELS"
  fi
}

tell() { # DEMOTED
  finish "{\"member\":true,\"nodeId\":\"$FOUND_ID\",\"demoted\":$1$(managers_told)}"
}

lock -s 5
need_tools sed grep awk sort paste
need_own_manager

conflicts=5
arrival=$(($(now) + 10))
LEFT=''
while find_manager && is_own "$SSM_instanceId" "$SSM_addresses"; do
  if [ "$FOUND_ID" = "$NODE_ID" ]; then fail 47 SelfDemotion "node $FOUND_ID is this manager"; fi
  if [ -z "$FOUND_MEMBER" ]; then
    # To be a manager, and not in the raft: either on its way there, or its join ended halfway. Then its node is Down after a
    # while, or remains Unknown if its engine never said a word.
    if [ "$FOUND_ROLE" = worker ] || [ "$FOUND_STATE" = down ]; then tell false; fi
    if [ "$(now)" -ge "$arrival" ]; then
      if [ "$FOUND_STATE" = ready ]; then fail 49 DemotionPending "node $FOUND_ID is to be a manager, and is not in the raft"; fi
      tell false
    fi
    sleep 0.5
    continue
  fi
  if [ "$FOUND_ROLE" = manager ]; then check_quorum; fi
  if [ "$FOUND_ROLE" = worker ] || make_worker; then
    await_worker
    tell true
  fi
  conflicts=$((conflicts - 1))
  if [ "$conflicts" = 0 ]; then fail 46 UpdateConflict "others kept updating node $FOUND_ID"; fi
  sleep 0.2
done
finish "{\"member\":false$LEFT}"
