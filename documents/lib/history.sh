# What `docker service rollback` goes back to. The engine keeps one spec before the present one, so each update of skep's would take its
# place. It is kept in a config object meanwhile: in the raft, where the spec itself is, and read by whoever may read that; specs hold
# secrets, which must not go elsewhere. Comes after common.sh, json.sh, node.sh and services.sh.
#
# Putting it back takes two writes, and the machine may end between them, or the service's owner may write, too. What skep is about to write
# is therefore noted in the labels of the config before the first of them, as digests of both specs, and once more after it. What skep wrote
# is told from what its owner wrote by these alone. Where they do not tell, nothing is written, and a person is asked (`unclear`).

digest_of_spec() { # SPEC
  printf '%s' "$1" | sha256sum | cut -c 1-64
}

# Going back to it for a moment costs nobody anything: what is replaced is started first, and what is not of the tasks is the same, the
# number of replicas, ports, networks and labels.
is_safe() {
  [ "$(printf '%s' "$SERVICE_SPEC" | json get UpdateConfig/Order)" = '"start-first"' ] &&
    [ "$(beside_tasks "$SERVICE_SPEC")" = "$(beside_tasks "$SERVICE_PREVIOUS")" ]
}

beside_tasks() { # SPEC
  printf '%s' "$1" | json get TaskTemplate/Networks
  printf '%s' "$1" | json drop TaskTemplate
}

# Before the first touch of a service. What was kept before stays, if the last update was skep's.
keep_history() { # SERVICE
  if [ -n "$SERVICE_PREVIOUS_MARK" ]; then return 0; fi
  forget_history "$1"
  if [ -z "$SERVICE_PREVIOUS" ]; then return 0; fi
  keep_safe=no
  if is_safe; then keep_safe=yes; fi
  api POST /configs/create 10 "$(printf '{"Name":"skep-shift-%s","Labels":{"skep.at":"%s","skep.safe":"%s"},"Data":"%s"}' \
    "$1" "$(now)" "$keep_safe" "$(printf '%s' "$SERVICE_PREVIOUS" | base64 -w 0)")"
  case $STATUS in
  201) ;;
  # A spec too large for a config, say: such a service is left as it is, and no other.
  4*)
    WHY=unkept
    return 1
    ;;
  *) docker_failed "config create: $(complaint)" ;;
  esac
}

forget_history() { # SERVICE
  if ! ask 5 config rm "skep-shift-$1" >/dev/null && ! grep -Eqi 'not found|no such config' "$WORK/error"; then
    docker_failed "docker config rm: $(cat "$WORK/error")"
  fi
}

# Sets KEPT to the spec that was kept, KEPT_ID, KEPT_VERSION, KEPT_AT, KEPT_SAFE, and KEPT_PHASE, KEPT_PRESENT and KEPT_BEFORE, which
# are empty until it is put back. Fails when there is none.
read_history() { # SERVICE
  KEPT=''
  api GET "/configs/skep-shift-$1" 5 ''
  case $STATUS in
  200) ;;
  404) return 1 ;;
  *) docker_failed "config inspect: $(complaint)" ;;
  esac
  kept_told=$(printf '%s' "$ANSWER" | json get ID Version/Index Spec/Labels/skep.at Spec/Labels/skep.safe \
    Spec/Labels/skep.phase Spec/Labels/skep.present Spec/Labels/skep.before Spec/Data) || return 1
  ANSWER=''
  { IFS= read -r KEPT_ID && IFS= read -r KEPT_VERSION && IFS= read -r KEPT_AT && IFS= read -r KEPT_SAFE && IFS= read -r KEPT_PHASE &&
    IFS= read -r KEPT_PRESENT && IFS= read -r KEPT_BEFORE && IFS= read -r KEPT_DATA; } <<END || :
$kept_told
END
  is_number "$KEPT_VERSION" || return 1
  KEPT_ID=$(plain "$KEPT_ID")
  KEPT_AT=$(plain "$KEPT_AT")
  KEPT_SAFE=$(plain "$KEPT_SAFE")
  KEPT_PHASE=$(plain "$KEPT_PHASE")
  KEPT_PRESENT=$(plain "$KEPT_PRESENT")
  KEPT_BEFORE=$(plain "$KEPT_BEFORE")
  KEPT_DATA=${KEPT_DATA#\"}
  KEPT_DATA=${KEPT_DATA%\"}
  KEPT=$(printf '%s' "$KEPT_DATA" | base64 -d 2>/dev/null) || KEPT=''
  [ -n "$KEPT" ]
}

# Notes what is about to be written, or that it was: on the version of the config that was read, so that of two only one goes on. Only the
# labels of a config can be changed. Fails where that came to nothing.
note_phase() { # SERVICE PHASE PRESENT_DIGEST BEFORE_DIGEST
  api POST "/configs/$KEPT_ID/update?version=$KEPT_VERSION" 5 "$(printf '{"Name":"skep-shift-%s","Labels":{"skep.at":"%s","skep.safe":"%s","skep.phase":"%s","skep.present":"%s","skep.before":"%s"},"Data":"%s"}' \
    "$1" "$KEPT_AT" "$KEPT_SAFE" "$2" "$3" "$4" "$KEPT_DATA")"
  WHY=changed
  [ "$STATUS" = 200 ]
}

# Writes what was before and then, at once, what is now: the engine takes the one for what came before the other. Between the two it
# makes a task of the old spec and takes it back; no task that runs is touched. Seen on real engines; so it is with start-first only.
settle_history() { # SERVICE
  if ! read_history "$1"; then
    # There was nothing before: written twice, it is its own past, without skep's mark.
    if [ -n "$SERVICE_PREVIOUS_MARK" ]; then write_service "$1" "$SERVICE_VERSION" "$SERVICE_SPEC" || return 1; fi
    return 0
  fi
  settle_now=$(digest_of_spec "$SERVICE_SPEC")
  settle_before=$(digest_of_spec "$SERVICE_PREVIOUS")
  if [ -z "$SERVICE_PREVIOUS_MARK" ]; then
    go_on_settling "$1"
    return
  fi
  if [ "$KEPT_SAFE" != yes ]; then
    WHY=unsafe
    return 1
  fi
  settle_present=$SERVICE_SPEC
  settle_kept=$(digest_of_spec "$KEPT")
  note_phase "$1" writing "$settle_now" "$settle_kept" || return 1
  if ! read_history "$1"; then
    WHY=changed
    return 1
  fi
  write_service "$1" "$SERVICE_VERSION" "$KEPT" || return 1
  # Nothing may come in the way of the second write: this is for the case only that the script ends before it.
  note_phase "$1" written "$settle_now" "$settle_kept" || :
  write_present "$1" "$settle_present" || return 1
  forget_history "$1"
}

# The last who wrote the service left no mark of skep's: its owner; or skep, which came as far as its first write or its second.
go_on_settling() { # SERVICE
  if [ "$settle_now" = "$KEPT_BEFORE" ] && [ "$settle_before" = "$KEPT_PRESENT" ]; then
    case $KEPT_PHASE@$SERVICE_UPDATE in
    # An owner who rolls back, and back again, comes to the very same specs.
    written@rollback_*) ;;
    written@*)
      write_present "$1" "$SERVICE_PREVIOUS" || return 1
      ;;
    *)
      # Its owner may have gone back to the very same spec.
      WHY=unclear
      return 1
      ;;
    esac
  fi
  forget_history "$1"
}

# The version moves by itself, since the engine begins with the update at once: read again, while the spec still is the one that was kept. What
# anybody else has written since is theirs.
write_present() { # SERVICE SPEC
  present_tries=10
  while [ "$present_tries" -gt 0 ]; do
    if ! read_service "$1"; then return 1; fi
    # Its owner has gone back, to what was to be written.
    if [ "$SERVICE_SPEC" = "$2" ]; then return 0; fi
    if [ "$SERVICE_SPEC" != "$KEPT" ]; then
      WHY=overtaken
      return 1
    fi
    if write_service "$1" "$SERVICE_VERSION" "$2"; then return 0; fi
    present_tries=$((present_tries - 1))
  done
  WHY=changed
  return 1
}
