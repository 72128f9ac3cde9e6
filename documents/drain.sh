# drain: marks the node of an instance as leaving and moves its tasks away. Does not wait for them: that is done on the instance.
# Runs on any manager. Comes after common.sh and node.sh.
if [ -z "${SSM_instanceId+x}" ]; then SSM_instanceId='{{ instanceId }}'; fi
if [ -z "${SSM_nodeId+x}" ]; then SSM_nodeId='{{ nodeId }}'; fi

mark_leaving() {
  if has_label skep.leaving true && has_label skep.instance "$SSM_instanceId" && [ "$FOUND_AVAILABILITY" = drain ]; then
    write_node "$FOUND_ROLE" drain "$(printf '%s\n' "$FOUND_LABELS" | sed '/^$/d')"
  else
    update_node drain "skep.leaving=true,skep.instance=$SSM_instanceId"
  fi
}

lock -s 5
need_tools sed grep awk sort paste
need_own_manager

conflicts=5
while find_node "$SSM_nodeId" "$SSM_instanceId"; do
  refuse_manager
  # The mark and the drain in one: a confirm that comes late must find the mark. Written anew where it is there already: a tidy may
  # be about to take back what another execution left, and does so only on the version that it has seen.
  if mark_leaving; then
    finish "{\"member\":true,\"nodeId\":\"$FOUND_ID\",\"status\":\"$FOUND_STATE\"$(managers_told)}"
  fi
  conflicts=$((conflicts - 1))
  if [ "$conflicts" = 0 ]; then fail 46 UpdateConflict "others kept updating node $FOUND_ID"; fi
  sleep 0.2
done
finish '{"member":false}'
