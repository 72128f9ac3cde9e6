# fence: stops Docker on an old manager for good, so that a recovery elsewhere makes no second swarm of the same id.
# Moves and deletes nothing. Comes after common.sh and machine.sh.

# systemctl answers at once where systemd is not at work, and may take as long as containers take to stop.
ctl() { timeout --foreground -k 2 "$(within 60)" systemctl "$@" 3>&-; }

# The process itself: somebody may have started it in another way than by systemd.
engine_runs() {
  grep -qx dockerd /proc/[0-9]*/comm 2>/dev/null
}

# Prints what is not as it should be. Only what is known to be off is off: a unit that is about to be started again is `activating`, and
# a systemctl that cannot ask prints nothing. A unit that does not exist is `inactive` or `unknown`, and has no enabled state at all.
unfenced() {
  for unit in docker.socket docker.service; do
    unit_is=$(ctl is-active "$unit" 2>/dev/null) || :
    case $unit_is in
    inactive | failed | unknown) ;;
    '') printf '%s is not known to be stopped; ' "$unit" ;;
    *) printf '%s is %s; ' "$unit" "$unit_is" ;;
    esac
    unit_is=$(ctl is-enabled "$unit" 2>/dev/null) || :
    case $unit_is in
    masked | disabled | not-found | '') ;;
    *) printf '%s is %s; ' "$unit" "$unit_is" ;;
    esac
  done
  if engine_runs; then printf 'dockerd runs; '; fi
  if docker_answers; then printf 'docker answers; '; fi
}

# Another recovery has begun here, or is done: this engine is the one that all others were fenced for.
refuse_recovered() {
  for later in "$(remembered_epoch)" "$(cat "$MEMORY/recovering" 2>/dev/null || :)"; do
    case $later in
    '' | *[!0-9]*) ;;
    *) if [ "$later" -gt "$SSM_epoch" ]; then fail 51 OtherEpoch "a recovery to epoch $later has begun on this engine"; fi ;;
    esac
  done
}

check_expiry
need_tools systemctl grep
check_instance "$SSM_instanceId"
lock -x 60
refuse_recovered
# First, and for good: should Docker be started again, no document lets this engine near the swarm.
remember_epoch "fenced in epoch $SSM_epoch"
# Disabled is not enough: another unit that wants Docker, a link of the distribution's own, or a person would start it again. Masked is
# none that could be started, but where the unit's file lies in /etc itself, systemd refuses to mask it: then disabled must do.
for unit in docker.socket docker.service; do
  ctl disable "$unit" || :
  ctl mask "$unit" || :
done
# The socket first: a request to it would start the service again. Units that do not exist are none that could be active.
ctl stop docker.socket || :
ctl stop docker.service || :

# systemd kills what has not stopped after 90 s, its default, and goes on with that when nobody waits for it any more.
patience=$(($(now) + 45))
left=$(unfenced)
while [ -n "$left" ]; do
  if [ "$(now)" -ge "$patience" ] || ! has_time; then fail 54 NotFenced "${left%; }"; fi
  sleep 1
  left=$(unfenced)
done
finish '{"fenced":true}'
