# shift: changes services so that tasks move between nodes, one write each, and tells how services and their tasks stand. Never waits.
# Runs on any manager. Comes after common.sh, json.sh, node.sh, services.sh and history.sh.
#
# What is to be done was decided on what was told before, so each change is made on that very version only: what anybody else has
# changed since is left alone, and said. A mark in the service's own labels, written in the same update, tells whose it is.

# The patterns count no lists (the agent's engine refuses such counts), so it is done here. The sender keeps to the same numbers; what is
# beyond is not done, and shows as not done.
CHANGES=200
# A hundred node ids, and what is between them.
NODES_LENGTH=2599
TOLD_OF=200

# Sets SERVICE_VERSION, SERVICE_UPDATE, SERVICE_MARK and SERVICE_PREVIOUS_MARK, and the specs, as JSON: SERVICE_SPEC and SERVICE_PREVIOUS (empty
# where there is none). Fails when there is no such service. From the engine itself: the docker command fills in defaults, and a spec
# written back with them is another one, for which every task would be replaced.
read_service() { # ID
  api GET "/services/$1" 10 ''
  case $STATUS in
  200) ;;
  404)
    WHY=gone
    return 1
    ;;
  *) docker_failed "service inspect: $(complaint)" ;;
  esac
  if ! service_told=$(printf '%s' "$ANSWER" | json get ID Version/Index UpdateStatus/State Spec/Labels/skep.shift PreviousSpec/Labels/skep.shift Spec PreviousSpec); then
    service_told=''
  fi
  ANSWER=''
  { IFS= read -r told_id && IFS= read -r SERVICE_VERSION && IFS= read -r SERVICE_UPDATE && IFS= read -r SERVICE_MARK &&
    IFS= read -r SERVICE_PREVIOUS_MARK && IFS= read -r SERVICE_SPEC && IFS= read -r SERVICE_PREVIOUS; } <<END || :
$service_told
END
  case $told_id$SERVICE_SPEC in "\"$1\"{"*'}') ;; *) SERVICE_VERSION='' ;; esac
  if ! is_number "$SERVICE_VERSION"; then
    # That of one service is no reason to leave the others as they are.
    WHY=unreadable
    return 1
  fi
  SERVICE_UPDATE=$(plain "$SERVICE_UPDATE")
  SERVICE_MARK=$(plain "$SERVICE_MARK")
  SERVICE_PREVIOUS_MARK=$(plain "$SERVICE_PREVIOUS_MARK")
}

# Whether a label is a mark that skep could have written. It is the service's own label, so whoever may create a service may write
# anything there: nothing of it is used before this.
is_mark() { # TEXT
  printf '%s\n' "$1" | grep -Eqx 'more@[0-9]{10,11}@(0|[1-9][0-9]{0,8})|exclude@[0-9]{10,11}@[0-9a-z]{25}([+][0-9a-z]{25}){0,99}'
}

# The engine keeps what it has of the registry's login. Fails when somebody else was faster.
write_service() { # ID VERSION SPEC
  api POST "/services/$1/update?version=$2&registryAuthFrom=spec" 10 "$3"
  if [ "$STATUS" = 200 ]; then return 0; fi
  case $ANSWER in
  *'update out of sequence'*) WHY=changed ;;
  *'not found'*) WHY=gone ;;
  *'not have a leader'* | *DeadlineExceeded* | *'lost leader'*) docker_failed "service update: $(complaint)" ;;
  *) if [ "$STATUS" = 000 ]; then docker_failed "service update: $(complaint)"; else WHY=invalid; fi ;;
  esac
  return 1
}

# --- A spec as it would be with another mark, number of replicas or constraints.

with_mark() { # SPEC MARK
  printf '%s' "$1" | json set Labels/skep.shift "\"$2\""
}

without_mark() { # SPEC
  printf '%s' "$1" | json drop Labels/skep.shift
}

with_replicas() { # SPEC NUMBER
  printf '%s' "$1" | json set Mode/Replicated/Replicas "$2"
}

# Prints nothing where it has none, or more than there is arithmetic for.
replicas_of() { # SPEC
  replicas_told=$(printf '%s' "$1" | json get Mode/Replicated/Replicas)
  case $replicas_told in
  0 | [1-9] | [1-9][0-9]*) if is_small "$replicas_told"; then echo "$replicas_told"; fi ;;
  esac
}

# Digits only, at most nine of them, and no octal number.
is_small() { # TEXT
  printf '%s\n' "$1" | grep -Eqx '0|[1-9][0-9]{0,8}'
}

constraints_of() { # NODE+NODE
  printf '%s' "$1" | sed 's/+/","node.id!=/g; s/^/"node.id!=/; s/$/"/'
}

with_constraints() { # SPEC NODE+NODE
  printf '%s' "$1" | json prepend TaskTemplate/Placement/Constraints "$(constraints_of "$2")"
}

without_constraints() { # SPEC NODE+NODE
  printf '%s' "$1" | json without TaskTemplate/Placement/Constraints "$(constraints_of "$2")"
}

# --- The changes. Each fails with WHY.

# Another update would resume what is paused, and would end what is under way before its time.
need_idle() {
  case $SERVICE_UPDATE in
  '' | completed | rollback_completed) ;;
  *)
    WHY=busy
    return 1
    ;;
  esac
  if [ -n "$SERVICE_MARK" ]; then
    WHY=marked
    return 1
  fi
}

more() { # SERVICE UNTIL
  need_idle || return 1
  replicas=$(replicas_of "$SERVICE_SPEC")
  if [ -z "$replicas" ]; then
    WHY=invalid
    return 1
  fi
  keep_history "$1" || return 1
  more_spec=$(with_replicas "$SERVICE_SPEC" "$((replicas + 1))")
  write_service "$1" "$SERVICE_VERSION" "$(with_mark "$more_spec" "more@$2@$replicas")"
}

need_mark() { # KIND
  case $SERVICE_MARK in
  "$1"@*) if is_mark "$SERVICE_MARK"; then return 0; fi ;;
  esac
  WHY=unmarked
  return 1
}

# What somebody else has set since stays.
fewer() { # SERVICE
  need_mark more || return 1
  need_own || return 1
  # A mark is checked by now: this is a number, and no octal one.
  replicas=${SERVICE_MARK##*@}
  fewer_spec=$(without_mark "$SERVICE_SPEC")
  if [ "$(replicas_of "$SERVICE_SPEC")" = "$((replicas + 1))" ]; then fewer_spec=$(with_replicas "$fewer_spec" "$replicas"); fi
  write_service "$1" "$SERVICE_VERSION" "$fewer_spec"
}

exclude() { # SERVICE UNTIL NODE+NODE
  if [ "${#3}" -gt "$NODES_LENGTH" ]; then
    WHY=invalid
    return 1
  fi
  need_idle || return 1
  exclude_now=$(printf '%s' "$SERVICE_SPEC" | json get TaskTemplate/Placement/Constraints)
  # Ids, which the document's pattern has checked.
  for excluded in $(printf '%s' "$3" | tr + ' '); do
    # Somebody else's own. Taken away with skep's, it would be missed.
    case $exclude_now in *"\"node.id!=$excluded\""*)
      WHY=constrained
      return 1
      ;;
    esac
  done
  keep_history "$1" || return 1
  write_service "$1" "$SERVICE_VERSION" "$(with_mark "$(with_constraints "$SERVICE_SPEC" "$3")" "exclude@$2@$3")"
}

include() { # SERVICE
  need_mark exclude || return 1
  need_own || return 1
  write_service "$1" "$SERVICE_VERSION" "$(without_constraints "$(without_mark "$SERVICE_SPEC")" "${SERVICE_MARK##*@}")"
}

# The last update was skep's own, so that what it does may be taken back at any time; or nothing is under way.
need_own() {
  if [ -z "$SERVICE_PREVIOUS_MARK" ]; then return 0; fi
  case $SERVICE_UPDATE in '' | completed | rollback_completed) return 0 ;; esac
  WHY=busy
  return 1
}

settle() { # SERVICE
  if [ -n "$SERVICE_MARK" ]; then
    WHY=marked
    return 1
  fi
  settle_history "$1"
}

# To what its owner would have gone back to before skep's updates, where that could not be put in its place.
rollback() { # SERVICE
  need_idle || return 1
  if [ -z "$SERVICE_PREVIOUS_MARK" ]; then
    # Its owner has updated it since, and Docker's own rollback goes back from that.
    forget_history "$1"
    WHY=changed
    return 1
  fi
  if ! read_history "$1"; then
    WHY=nothing
    return 1
  fi
  write_service "$1" "$SERVICE_VERSION" "$KEPT" && forget_history "$1"
}

change() { # SERVICE@VERSION@KIND[@UNTIL[@NODES]]
  IFS=@ read -r change_service change_version change_kind change_until change_nodes <<END
$1
END
  WHY=''
  read_service "$change_service" || return 1
  if [ "$change_version" != 0 ] && [ "$change_version" != "$SERVICE_VERSION" ]; then
    WHY=changed
    return 1
  fi
  case $change_kind in
  more) more "$change_service" "$change_until" ;;
  fewer) fewer "$change_service" ;;
  exclude) exclude "$change_service" "$change_until" "$change_nodes" ;;
  include) include "$change_service" ;;
  settle) settle "$change_service" ;;
  rollback) rollback "$change_service" ;;
  esac
}

# How many of the services that bear a mark of skep's have tasks on these nodes still.
count_moving() { # PLACE,...
  awk -v places="$1" '/"labels":[{]"skep[.]shift":"(more|exclude)@[0-9]/ {
    tasks = substr($0, index($0, "\"tasks\":"))
    number = split(places, place, ",")
    for (i = 1; i <= number; i++) if (index(tasks, "[" place[i] ",")) { moving++; break }
  } END { printf "%d", moving }' "$WORK/services"
}

lock -s 5
need_tools awk grep sed sort gzip base64 sha256sum curl cut tr paste xargs wc
need_own_manager

refused=''
number=0
if [ "$SSM_changes" != none ]; then
  for one in $(printf '%s' "$SSM_changes" | tr , ' '); do
    number=$((number + 1))
    if [ "$number" -gt "$CHANGES" ]; then break; fi
    if ! change "$one"; then refused="$refused,\"${one%%@*} $WHY\""; fi
  done
fi

list_nodes
digest=$(sha256sum <"$WORK/nodes" | cut -c 1-64)
of=''
places=''
IFS=: read -r tell_what tell_ids <<END
$SSM_tell
END
tell_ids=$(printf '%s' "$tell_ids" | cut -d , -f "1-$TOLD_OF")
case $tell_what in
nodes)
  inspect_all node "$(node_template)" <"$WORK/nodes" >"$WORK/whole"
  awk -v longest="$LONGEST" "$cut_line"'NF { if (length($0) > longest) print cut($0); else print }' "$WORK/whole" >"$WORK/told"
  told=$(packed nodes "$WORK/told" "$SSM_offset")
  ;;
*)
  case $tell_what in
  services)
    if ! asked=$(ask_ids 20 service ls --quiet); then docker_failed "docker service ls: $(cat "$WORK/error")"; fi
    ;;
  ids) asked=$(printf '%s' "$tell_ids" | tr , '\n') ;;
  *)
    asked=$(services_on "$tell_ids")
    need_answer
    if ! marked=$(ask_ids 20 service ls --quiet --filter label=skep.shift); then docker_failed "docker service ls: $(cat "$WORK/error")"; fi
    asked="$asked$NEWLINE$marked"
    places=$(places_of "$tell_ids")
    ;;
  esac
  describe_services "$asked"
  if [ -n "$places" ]; then of=",\"of\":[$places],\"moving\":$(count_moving "$places")"; fi
  told=$(packed services "$WORK/services" "$SSM_offset")
  ;;
esac
finish "{\"digest\":\"$digest\",\"refused\":[${refused#,}]$of$told$(managers_told)}"
