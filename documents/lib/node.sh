# How documents that run on a manager find a node and change it. Comes after common.sh.

# Runs docker, with its errors kept in $WORK/error. A call that hangs means a swarm without a leader.
ask() { # SECONDS ARGUMENT...
  ask_code=0
  dk "$@" 2>"$WORK/error" || ask_code=$?
  if [ "$ask_code" -ge 124 ]; then echo 'docker did not answer in time' >"$WORK/error"; fi
  return "$ask_code"
}

# The same, of lines of which each has the form that was asked for: of anything else nothing follows, neither a word nor a number of lines.
ask_lines() { # FORM SECONDS ARGUMENT...
  ask_form=$1
  shift
  ask "$@" >"$WORK/lines" || return 1
  if grep -Evqx -e "$ask_form" "$WORK/lines"; then
    echo 'docker answered in another form than it was asked for' >"$WORK/error"
    return 1
  fi
  cat "$WORK/lines"
}

ask_ids() { # SECONDS ARGUMENT...
  ask_lines '[0-9a-z]{1,25}' "$@"
}

if [ -z "${SSM_swarmId+x}" ]; then SSM_swarmId='{{ swarmId }}'; fi

# Asked first by every document that runs on a manager. One of another cluster would know none of this one's nodes, and say so.
need_own_manager() {
  need_manager
  if [ "$SSM_swarmId" != none ] && [ "$SSM_swarmId" != "$SWARM_ID" ]; then
    fail 40 NotManager "this node is a manager of swarm $SWARM_ID, not of $SSM_swarmId"
  fi
}

# Prints the raft's members for the record of them, as a member of the result: id, instance, leader|reachable|unreachable|demoting,
# address. Prints nothing where the managers do not say, since what was asked is done. The label is anybody's who may write the node, so it is
# told as JSON: what stands in it makes no field and no line.
managers_told() {
  if ! told_ids=$(ask_ids 5 node ls --quiet --filter role=manager); then return 0; fi
  told_format="${O}if .ManagerStatus$C${O}.ID$C ${O}.Spec.Role$C ${O}if .ManagerStatus.Leader${C}leader${O}else$C${O}.ManagerStatus.Reachability$C${O}end$C"
  told_format="$told_format ${O}.ManagerStatus.Addr$C ${O}.Status.Addr$C|${O}json (index .Spec.Labels \"skep.instance\")$C${O}end$C"
  # shellcheck disable=SC2086 # ids, one word each
  if ! told=$(ask 5 node inspect --format "$told_format" $told_ids); then return 0; fi
  printf '%s\n' "$told" | awk -F '|' -v most=50 'NF {
    split($1, field, " ")
    if (field[1] !~ /^[0-9a-z]+$/ || length(field[1]) > 25 || first >= most) next
    instance = $2 ~ /^"i-[0-9a-f]+"$/ && length($2) <= 21 ? substr($2, 2, length($2) - 2) : "-"
    reach = field[3] ~ /^(leader|reachable)$/ ? field[3] : "unreachable"
    if (field[2] == "worker") reach = "demoting"
    # Some engines do not know the address of the leader but as a node.
    address = field[4]
    if (address !~ /^[0-9.]+:[0-9]+$/ || address ~ /^0\.0\.0\.0:/) address = field[5] ":2377"
    if (address !~ /^[0-9]+(\.[0-9]+)+:[0-9]+$/ || length(address) > 21) address = "-"
    printf "%s\"%s %s %s %s\"", first++ ? "," : ",\"managers\":[", field[1], instance, reach, address
  } END { if (first) printf "]" }'
}

# Reads one node by its id. Fails when the managers do not know it: an answer in another form does not say so.
# Sets FOUND_ID, FOUND_VERSION, FOUND_ROLE (the wanted one), FOUND_MEMBER (empty where the node is not in the raft, else
# REACHABILITY@ADDRESS), FOUND_AVAILABILITY, FOUND_STATE, FOUND_ADDRESS (where its engine speaks from), FOUND_NAME (JSON) and FOUND_LABELS (one "key":"value" per line).
read_node() { # ID
  node_format="${O}.ID$C|${O}.Version.Index$C|${O}.Spec.Role$C"
  node_format="$node_format|${O}with .ManagerStatus$C${O}.Reachability$C@${O}.Addr$C${O}end$C|${O}.Spec.Availability$C"
  node_format="$node_format|${O}.Status.State$C|${O}.Status.Addr$C|${O}json .Spec.Name$C"
  node_format="$node_format${O}range \$k, \$v := .Spec.Labels$C${O}println$C${O}json \$k$C:${O}json \$v$C${O}end$C"
  if ! node_text=$(ask 5 node inspect --format "$node_format" "$1"); then
    # "not found" says the engine, "No such node" the command.
    if grep -Eqi 'not found|no such node' "$WORK/error"; then return 1; fi
    docker_failed "docker node inspect: $(cat "$WORK/error")"
  fi
  FOUND_LABELS=$(printf '%s\n' "$node_text" | sed 1d)
  if ! printf '%s\n' "$node_text" | sed 1q | grep -Eqx '[0-9a-z]{25}\|[0-9]{1,18}\|[a-z]+\|([a-z]*@[^|"]{0,60})?\|[a-z]+\|[a-z]+\|[^|"]{0,60}\|"([^"\]|\\.)*"' ||
    { [ -n "$FOUND_LABELS" ] && printf '%s\n' "$FOUND_LABELS" | grep -Evqx '"([^"\]|\\.)*":"([^"\]|\\.)*"'; }; then
    docker_failed 'docker node inspect: docker answered in another form than it was asked for'
  fi
  # shellcheck disable=SC2034 # not every document asks for everything
  IFS='|' read -r FOUND_ID FOUND_VERSION FOUND_ROLE FOUND_MEMBER FOUND_AVAILABILITY FOUND_STATE FOUND_ADDRESS FOUND_NAME <<END
$node_text
END
  # Docker also takes a hostname or a prefix for an id: only the id will do.
  [ "$FOUND_ID" = "$1" ]
}

# Finds the node of an instance: by its id, else by the label of the instance. Fails when there is none.
find_node() { # NODE_ID|none INSTANCE_ID
  if [ "$1" != none ] && read_node "$1"; then
    check_label "$2"
    return 0
  fi
  if ! node_ids=$(ask_ids 5 node ls --quiet --filter "node.label=skep.instance=$2"); then
    docker_failed "docker node ls: $(cat "$WORK/error")"
  fi
  # An instance that joined again left an old node behind: the one that is up is meant, and the tidy sees to the other.
  found=''
  for node_id in $node_ids; do
    if read_node "$node_id" && has_label skep.instance "$2"; then
      found=$node_id
      if [ "$FOUND_STATE" = ready ]; then return 0; fi
    fi
  done
  [ -n "$found" ] && read_node "$found"
}

has_label() { # KEY VALUE
  printf '%s\n' "$FOUND_LABELS" | grep -Fqx "\"$1\":\"$2\""
}

# A node that is labelled as another instance's must not be touched: an image with a copied swarm folder makes two of one id.
check_label() { # INSTANCE_ID
  if printf '%s\n' "$FOUND_LABELS" | grep -Fq '"skep.instance":' && ! has_label skep.instance "$1"; then
    fail 25 WrongInstance "node $FOUND_ID carries the label of another instance than $1"
  fi
}

# Sets SEEN to the address at which the managers see the node, where the connection of its engine comes from: - where they do not tell. A
# manager is known by the address at which the others reach it.
see_address() {
  SEEN=$FOUND_ADDRESS
  if [ -n "$FOUND_MEMBER" ]; then
    SEEN=${FOUND_MEMBER#*@}
    SEEN=${SEEN%:*}
    # Some engines do not know the address of the leader but as a node.
    case $SEEN in '' | 0.0.0.0) SEEN=$FOUND_ADDRESS ;; esac
  fi
  case $SEEN in '' | 0.0.0.0 | 127.* | *[!0-9.]*) SEEN=- ;; esac
}

# Whether a node is the instance's for a better reason than that the instance has named it: it bears its label, or is seen at an address that
# EC2 has for the instance. Asked before a node is taken out. Where EC2 was not asked yet, the document fails, and is sent once more with
# what EC2 says. Sets LEFT, a member of the result, where it is not.
is_own() { # INSTANCE_ID ADDRESS,...|none|unasked|any
  # A command of an execution that began before this parameter was there.
  if [ "$2" = any ] || has_label skep.instance "$1"; then return 0; fi
  see_address
  case ,$2, in
  *",$SEEN,"*) return 0 ;;
  ,unasked,) fail 58 OtherAddress "the managers see node $FOUND_ID at $SEEN, which is not known to be an address of $1" ;;
  esac
  # shellcheck disable=SC2034 # drain, forget and demote tell it
  LEFT=",\"left\":\"$FOUND_ID at $SEEN\""
  return 1
}

refuse_manager() {
  # One that is no member of the raft and not there any more never became a manager: its join ended halfway.
  if [ -n "$FOUND_MEMBER" ] || { [ "$FOUND_ROLE" = manager ] && [ "$FOUND_STATE" = ready ]; }; then
    fail 45 StillManager "node $FOUND_ID is a manager"
  fi
}

# Sets availability and labels in one update of the version that was read, so that what was checked before still holds.
# Fails when somebody else was faster: read again, check again.
update_node() { # AVAILABILITY KEY=VALUE,...
  new_labels=$FOUND_LABELS
  # Letters, digits and ._/:@+- only: nothing in them needs to be quoted.
  for label in $(printf '%s' "$2" | tr , ' '); do
    new_labels=$(printf '%s\n' "$new_labels" | awk -v key="\"${label%%=*}\":" 'index($0, key) != 1')
    new_labels="$new_labels$NEWLINE\"${label%%=*}\":\"${label#*=}\""
  done
  new_labels=$(printf '%s\n' "$new_labels" | sed '/^$/d' | sort)
  if [ "$FOUND_AVAILABILITY" = "$1" ] && [ "$new_labels" = "$(printf '%s\n' "$FOUND_LABELS" | sort)" ]; then return 0; fi
  write_node "$FOUND_ROLE" "$1" "$new_labels"
}

# Writes all that may be changed of a node, if it still is the version that was read. Fails when it is not.
write_node() { # ROLE AVAILABILITY LABELS
  node_spec=$(printf '{"Name":%s,"Role":"%s","Availability":"%s","Labels":{%s}}' "$FOUND_NAME" "$1" "$2" \
    "$(printf '%s' "$3" | paste -s -d , -)")
  api POST "/nodes/$FOUND_ID/update?version=$FOUND_VERSION" 5 "$node_spec"
  if [ "$STATUS" = 200 ]; then return 0; fi
  case $ANSWER in
  *'update out of sequence'* | *'in raft memberlist'*) return 1 ;;
  # SwarmKit's own check: of what the leader sees at this moment.
  *'loss of quorum'* | *'last manager'*) fail 48 QuorumWouldBreak "$(complaint)" ;;
  *) docker_failed "node update: $(complaint)" ;;
  esac
}
