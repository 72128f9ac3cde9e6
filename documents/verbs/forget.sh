# forget: removes the node of an instance from the swarm, once its tasks have ended as the managers see them.
# Runs on any manager. Comes after common.sh and node.sh.

# Sets RUNNING to the number of tasks of the node that are not in a terminal state. The current state counts: the desired one
# is "shutdown" as soon as the node is drained. What was never assigned is not on the node, and stays as it is for ever: a task of a
# global service that did not fit there has the node's name from the beginning.
count_tasks() {
  if ! tasks=$(ask 8 node ps --no-trunc --format "${O}.CurrentState$C" "$FOUND_ID"); then
    docker_failed "docker node ps: $(cat "$WORK/error")"
  fi
  RUNNING=$(printf '%s' "$tasks" | awk '$1 !~ /^(New|Allocated|Pending|Complete|Shutdown|Failed|Rejected|Orphaned)$/' | grep -c .) || :
}

lock -s 5
need_tools grep awk sed
need_own_manager
# By its id and no other way, where that is known: by label one would find what the instance has joined as since.
if [ "$SSM_nodeId" = none ]; then
  find_node none "$SSM_instanceId" || finish '{"member":false,"removed":false,"forced":false}'
else
  read_node "$SSM_nodeId" || finish '{"member":false,"removed":false,"forced":false}'
  check_label "$SSM_instanceId"
fi
is_own "$SSM_instanceId" "$SSM_addresses" || finish "{\"member\":false,\"removed\":false,\"forced\":false$LEFT}"
refuse_manager

forced=true
if [ "$SSM_force" = no ]; then
  forced=false
  # Else the next task may land on it between the look and the removal.
  if [ "$FOUND_AVAILABILITY" != drain ]; then fail 44 TasksRunning "node $FOUND_ID is not drained"; fi
  # Managers hear of a task's end a moment after it: one empty `docker ps` on the node is not enough.
  patience=10
  count_tasks
  while [ "$RUNNING" != 0 ]; do
    if [ "$patience" = 0 ]; then fail 44 TasksRunning "$RUNNING tasks of node $FOUND_ID have not ended"; fi
    patience=$((patience - 1))
    sleep 0.5
    count_tasks
  done
fi

# --force, since managers take a node for Ready up to 16 s after it has gone. It removes no manager.
if ! ask 10 node rm --force "$FOUND_ID" >/dev/null; then
  if grep -q 'is a cluster manager' "$WORK/error"; then fail 45 StillManager "$(cat "$WORK/error")"; fi
  if ! grep -Eqi 'not found|no such node' "$WORK/error"; then docker_failed "docker node rm: $(cat "$WORK/error")"; fi
fi
finish "{\"member\":true,\"nodeId\":\"$FOUND_ID\",\"removed\":true,\"forced\":$forced$(managers_told)}"
