# drain: marks the node of an instance as leaving and moves its tasks away. Does not wait for them: that is done on the instance.
# Runs on any manager. Comes after common.sh and node.sh.
if [ -z "${SSM_instanceId+x}" ]; then SSM_instanceId='{{ instanceId }}'; fi
if [ -z "${SSM_nodeId+x}" ]; then SSM_nodeId='{{ nodeId }}'; fi

lock -s 5
need_tools sed grep awk sort paste
need_own_manager

conflicts=5
while find_node "$SSM_nodeId" "$SSM_instanceId"; do
  refuse_manager
  # The mark and the drain in one: a confirm that comes late must find the mark.
  if update_node drain "skep.leaving=true,skep.instance=$SSM_instanceId"; then
    finish "{\"member\":true,\"nodeId\":\"$FOUND_ID\",\"status\":\"$FOUND_STATE\"$(managers_told)}"
  fi
  conflicts=$((conflicts - 1))
  if [ "$conflicts" = 0 ]; then fail 46 UpdateConflict "others kept updating node $FOUND_ID"; fi
  sleep 0.2
done
finish '{"member":false}'
