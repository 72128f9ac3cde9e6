# availability: drains, pauses or activates a node, because a person says so (`skep drain`, `skep activate`).
# Runs on any manager. Comes after common.sh and node.sh.
#
# Only a node that is labelled as the instance's that is meant. What skep is taking out has skep's own mark, and goes its own way. Labels stay as
# they are: without a mark no tidy takes a person's wish back.

lock -s 5
need_tools sed grep awk sort paste
need_own_manager

conflicts=5
while :; do
  if ! read_node "$SSM_nodeId"; then fail 43 UnknownNode "no manager knows node $SSM_nodeId"; fi
  check_label "$SSM_instanceId"
  if ! has_label skep.instance "$SSM_instanceId"; then fail 25 WrongInstance "node $SSM_nodeId is not labelled as $SSM_instanceId"; fi
  if has_label skep.leaving true; then fail 35 LeavingNode "node $SSM_nodeId is marked as leaving"; fi
  was=$FOUND_AVAILABILITY
  if update_node "$SSM_availability" ''; then
    finish "{\"nodeId\":\"$SSM_nodeId\",\"was\":\"$was\",\"availability\":\"$SSM_availability\"$(managers_told)}"
  fi
  conflicts=$((conflicts - 1))
  if [ "$conflicts" = 0 ]; then fail 46 UpdateConflict "others kept updating node $SSM_nodeId"; fi
  sleep 0.2
done
