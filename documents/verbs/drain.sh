# drain: marks the node of an instance as leaving and moves its tasks away. Does not wait for them: that is done on the instance.
# Runs on any manager. Comes after common.sh, node.sh and services.sh.
#
# With handOver it first looks at what runs there. Where services replace their tasks by starting the new one first, the node is only
# paused, so that they can hand over; a bare drain stops first, whatever the service asks for.

# The mark and the availability in one: a confirm that comes late must find the mark. Written anew where it is there already: a tidy
# may be about to take back what another execution left, and does so only on the version that it has seen.
mark_leaving() { # AVAILABILITY
  if has_label skep.leaving true && has_label skep.instance "$SSM_instanceId" && [ "$FOUND_AVAILABILITY" = "$1" ]; then
    write_node "$FOUND_ROLE" "$1" "$(printf '%s\n' "$FOUND_LABELS" | sed '/^$/d')"
  else
    update_node "$1" "skep.leaving=true,skep.instance=$SSM_instanceId"
  fi
}

# Sets TOLD to members of the result, and AVAILABILITY. A node that does not answer hands nothing over.
look_at_services() {
  TOLD=''
  AVAILABILITY=drain
  if [ "$SSM_handOver" != yes ] || [ "$FOUND_STATE" != ready ]; then return 0; fi
  list_nodes
  asked=$(services_on "$FOUND_ID")
  need_answer
  describe_services "$asked"
  TOLD=",\"of\":[$(places_of "$FOUND_ID")]$(packed services "$WORK/services" 0)"
  if [ "$FOUND_AVAILABILITY" != drain ] && grep '"mode":"replicated"' "$WORK/services" | grep -q '"order":"start-first"'; then
    AVAILABILITY=pause
  fi
}

# Those that are to hand over together, this one first: one update of a service is enough for all of them. Where the managers do not say, it
# hands over alone: it is marked by now.
leaving_together() {
  together=$(ask_ids 5 node ls --quiet --filter node.label=skep.leaving=true) || together=$FOUND_ID
  # shellcheck disable=SC2086 # ids, one word each
  together=$(ask 5 node inspect --format "${O}.ID$C ${O}.Spec.Availability$C ${O}.Status.State$C" $together) || :
  printf '%s\n' "$together" | awk -v own="$FOUND_ID" -v most=50 'BEGIN { printf "\"%s\"", own; count = 1 }
    NF == 3 && $1 ~ /^[0-9a-z]+$/ && length($1) <= 25 && $2 == "pause" && $3 == "ready" && $1 != own && count < most { printf ",\"%s\"", $1; count++ }'
}

# The others that AWS takes in the same minutes, before any of them is drained: else tasks would go from one dying node to the next. One
# that is paused already costs nothing; one that cannot be paused now is paused by its own drain.
pause_together() { # NODE@INSTANCE,...
  together_ids=$(printf '%s' "$1" | tr , '\n' | sed 's/@.*//')
  # shellcheck disable=SC2086 # ids, one word each
  together_seen=$(ask 20 node inspect --format "${O}.ID$C ${O}.Spec.Availability$C" $together_ids) || :
  for pair in $(printf '%s' "$1" | tr , ' '); do
    if printf '%s\n' "$together_seen" | grep -Fqx "${pair%@*} active"; then pause_other "${pair%@*}" "${pair#*@}"; fi
  done
}

# Only what is labelled as that instance's, and never a manager.
pause_other() { # NODE INSTANCE
  pause_tries=3
  while [ "$pause_tries" -gt 0 ] && read_node "$1" && [ "$FOUND_AVAILABILITY" = active ] && [ -z "$FOUND_MEMBER" ] &&
    has_label skep.instance "$2"; do
    if update_node pause skep.leaving=true; then return 0; fi
    pause_tries=$((pause_tries - 1))
    sleep 0.2
  done
}

lock -s 5
need_tools sed grep awk sort paste gzip base64 sha256sum curl cut tr xargs wc
need_own_manager

if [ "$SSM_together" != none ]; then pause_together "$SSM_together"; fi
conflicts=5
LEFT=''
while find_node "$SSM_nodeId" "$SSM_instanceId" && is_own "$SSM_instanceId" "$SSM_addresses"; do
  refuse_manager
  look_at_services
  if mark_leaving "$AVAILABILITY"; then
    if [ "$AVAILABILITY" = pause ]; then TOLD="$TOLD,\"paused\":true,\"leaving\":[$(leaving_together)]"; fi
    finish "{\"member\":true,\"nodeId\":\"$FOUND_ID\",\"status\":\"$FOUND_STATE\"$TOLD$(managers_told)}"
  fi
  conflicts=$((conflicts - 1))
  if [ "$conflicts" = 0 ]; then fail 46 UpdateConflict "others kept updating node $FOUND_ID"; fi
  sleep 0.2
done
finish "{\"member\":false$LEFT}"
