# What `docker service rollback` goes back to. The engine keeps one spec before the present one, so each update of skep's would take its
# place. It is kept in a config object meanwhile: in the raft, where the spec itself is, and read by whoever may read that; specs hold
# secrets, which must not go elsewhere. Comes after common.sh, node.sh and services.sh.

# Going back to it for a moment costs nobody anything: what is replaced is started first, and what is not of the tasks is the same, the
# number of replicas, ports, networks and labels.
is_safe() {
  case $(printf '%s' "$SERVICE_SPEC" | sed -n 's/.*,"UpdateConfig":{\([^}]*\)}.*/\1/p') in *'"Order":"start-first"'*) ;; *) return 1 ;; esac
  [ "$(beside_tasks "$SERVICE_SPEC")" = "$(beside_tasks "$SERVICE_PREVIOUS")" ]
}

beside_tasks() { # SPEC
  printf '%s\n' "$1" | awk '{
    tasks = index($0, ",\"TaskTemplate\":{")
    mode = index($0, ",\"Mode\":{")
    template = substr($0, tasks, mode - tasks)
    networks = match(template, /,"Networks":[^]]*/) ? substr(template, RSTART, RLENGTH) : ""
    print substr($0, 1, tasks - 1) substr($0, mode) networks
  }'
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
  if [ "$STATUS" != 201 ]; then docker_failed "config create: $(complaint)"; fi
}

forget_history() { # SERVICE
  if ! ask 5 config rm "skep-shift-$1" >/dev/null && ! grep -Eqi 'not found|no such config' "$WORK/error"; then
    docker_failed "docker config rm: $(cat "$WORK/error")"
  fi
}

# Sets KEPT to the spec that was kept, and KEPT_SAFE. Fails when there is none.
read_history() { # SERVICE
  KEPT=''
  if ! kept_text=$(ask 5 config inspect --format "${O}index .Spec.Labels \"skep.safe\"$C|${O}printf \"%s\" .Spec.Data$C" "skep-shift-$1"); then
    if grep -Eqi 'not found|no such config' "$WORK/error"; then return 1; fi
    docker_failed "docker config inspect: $(cat "$WORK/error")"
  fi
  KEPT_SAFE=${kept_text%%|*}
  KEPT=${kept_text#*|}
}

# Writes what was before and then, at once, what is now: the engine takes the one for what came before the other. Between the two it
# makes a task of the old spec and takes it back; no task that runs is touched. Seen on real engines; so it is with start-first only.
settle_history() { # SERVICE
  if ! read_history "$1"; then
    # There was nothing before: written twice, it is its own past, without skep's mark.
    if [ -n "$SERVICE_PREVIOUS_MARK" ]; then write_service "$1" "$SERVICE_VERSION" "$SERVICE_SPEC" || return 1; fi
    return 0
  fi
  if [ -z "$SERVICE_PREVIOUS_MARK" ]; then
    # Somebody else has updated it since, or this was done before, or its second half was not.
    if [ "$SERVICE_PREVIOUS" != "$KEPT" ] && is_kept_now; then write_present "$1" "$SERVICE_PREVIOUS" || return 1; fi
    forget_history "$1"
    return 0
  fi
  if [ "$KEPT_SAFE" != yes ]; then
    WHY=unsafe
    return 1
  fi
  settle_present=$SERVICE_SPEC
  write_service "$1" "$SERVICE_VERSION" "$KEPT" || return 1
  write_present "$1" "$settle_present" || return 1
  forget_history "$1"
}

# The engine has the kept spec for the present one: the same image and arguments, of another run of tasks.
is_kept_now() {
  now_image=$(image_of "$SERVICE_SPEC")
  [ "$now_image" = "$(image_of "$KEPT")" ] && [ "$now_image" != "$(image_of "$SERVICE_PREVIOUS")" ]
}

image_of() { # SPEC
  printf '%s' "$1" | sed -n 's/.*"ContainerSpec":{"Image":\("[^"]*"\).*/\1/p'
}

# The version moves by itself, since the engine begins with the update at once: read again, while nobody has written another spec.
write_present() { # SERVICE SPEC
  present_tries=10
  while [ "$present_tries" -gt 0 ]; do
    if ! read_service "$1"; then return 1; fi
    if [ "$SERVICE_SPEC" = "$2" ]; then return 0; fi
    if write_service "$1" "$SERVICE_VERSION" "$2"; then return 0; fi
    present_tries=$((present_tries - 1))
  done
  WHY=changed
  return 1
}
