# mend: removes nodes that are down for good, activates nodes that skep itself has drained or paused and left so, and writes labels that a
# group has got since its nodes were confirmed. Many in one command.
# Runs on any manager. Comes after common.sh and node.sh.

# Sets DOWN to the ids of those that are down at this moment, are no managers, and are the instance's that is meant (or nobody's, where a
# join died before its labels: then the wish to be a manager is of no account, since none that is not in the raft is one). Where no instance
# is meant, it is a node as whom no engine has ever come. What is not in the list is not touched, whatever was seen when the plan was made.
still_down() { # NODE@INSTANCE,...
  down_format="${O}.ID$C ${O}.Spec.Role$C ${O}.Status.State$C ${O}if .ManagerStatus${C}member${O}else$C-${O}end$C"
  down_format="$down_format ${O}if .Description.Hostname${C}some${O}else${C}none${O}end$C|${O}json (index .Spec.Labels \"skep.instance\")$C"
  down_ids=$(printf '%s' "$1" | tr , '\n' | sed 's/@.*//')
  # shellcheck disable=SC2086 # ids, one word each
  if ! down_seen=$(ask 30 node inspect --format "$down_format" $down_ids) &&
    ! grep -Eqi 'not found|no such node' "$WORK/error"; then
    docker_failed "docker node inspect: $(cat "$WORK/error")"
  fi
  DOWN=$(printf '%s\n' "$down_seen" | awk -F '|' -v meant="$1" 'BEGIN {
      count = split(meant, pairs, ",")
      for (i = 1; i <= count; i++) { split(pairs[i], pair, "@"); instance[pair[1]] = pair[2] }
    } NF {
      split($1, field, " ")
      if (!(field[1] in instance)) next
      wanted = instance[field[1]]
      # As JSON, so that a label makes no field and no line of its own.
      labelled = $2 ~ /^"i-[0-9a-f]+"$/
      if (field[4] != "-") next
      if (wanted == "none") {
        if (!labelled && field[3] != "ready" && field[5] == "none") print field[1]
      } else if (field[3] == "down" && (labelled ? $2 == "\"" wanted "\"" && field[2] == "worker" : 1)) print field[1]
    }')
}

# Without --force: the engine itself refuses to remove a node that has come back meanwhile.
remove() { # ID...
  if ask 30 node rm "$@" >"$WORK/removed"; then return 0; fi
  # What is not there any more, or has come back, is said of each, and the others are removed all the same.
  if grep -Eqi 'not have a leader|DeadlineExceeded|lost leader|did not answer in time' "$WORK/error"; then
    docker_failed "docker node rm: $(cat "$WORK/error")"
  fi
}

# Only skep's own mark, and only on the very version that was seen when the plan was made: whoever drains the node again meanwhile
# writes it, and so makes another version.
restore() { # NODE INSTANCE VERSION
  if ! read_node "$1"; then return 0; fi
  if [ "$FOUND_VERSION" != "$3" ] || [ "$FOUND_AVAILABILITY" = active ] || [ "$FOUND_STATE" != ready ]; then return 0; fi
  if [ -n "$FOUND_MEMBER" ]; then return 0; fi
  if ! has_label skep.leaving true || ! has_label skep.instance "$2"; then return 0; fi
  if write_node "$FOUND_ROLE" active "$(printf '%s\n' "$FOUND_LABELS" | grep -Fvx '"skep.leaving":"true"' | sed '/^$/d')"; then
    RESTORED=$((RESTORED + 1))
  fi
}

# Only what is labelled as that instance's and is not on its way out; its availability stays what it is.
label() { # NODE INSTANCE
  label_tries=5
  while read_node "$1" && has_label skep.instance "$2" && ! has_label skep.leaving true; do
    if update_node "$FOUND_AVAILABILITY" "$SSM_labels"; then
      LABELLED=$((LABELLED + 1))
      return 0
    fi
    label_tries=$((label_tries - 1))
    if [ "$label_tries" = 0 ]; then fail 46 UpdateConflict "others kept updating node $1"; fi
    sleep 0.2
  done
}

lock -s 5
need_tools awk grep sed tr paste sort
need_own_manager
REMOVED=0
RESTORED=0
LABELLED=0
if [ "$SSM_forget" != none ]; then
  still_down "$SSM_forget"
  if [ -n "$DOWN" ]; then
    # shellcheck disable=SC2086 # ids, one word each
    remove $DOWN
    REMOVED=$(grep -c . "$WORK/removed") || :
  fi
fi
if [ "$SSM_restore" != none ]; then
  for one in $(printf '%s' "$SSM_restore" | tr , ' '); do
    one_rest=${one#*@}
    restore "${one%%@*}" "${one_rest%@*}" "${one_rest#*@}"
  done
fi
if [ "$SSM_label" != none ]; then
  for one in $(printf '%s' "$SSM_label" | tr , ' '); do label "${one%%@*}" "${one#*@}"; done
fi
finish "$(printf '{"removed":%d,"restored":%d,"labelled":%d%s}' "$REMOVED" "$RESTORED" "$LABELLED" "$(managers_told)")"
