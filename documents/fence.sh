# fence: stops Docker on an old manager for good, so that a recovery elsewhere makes no second swarm of the same id.
# Moves and deletes nothing. Comes after common.sh and machine.sh.
if [ -z "${SSM_instanceId+x}" ]; then SSM_instanceId='{{ instanceId }}'; fi

# systemctl answers at once where systemd is not at work, and may take as long as containers take to stop.
ctl() { timeout -k 2 60 systemctl "$@" 3>&- 9>&-; }

# The process itself: somebody may have started it in another way than by systemd.
engine_runs() {
  grep -qx dockerd /proc/[0-9]*/comm 2>/dev/null
}

# Prints what is not as it should be.
unfenced() {
  for unit in docker.socket docker.service; do
    case $(ctl is-active "$unit") in
    inactive | failed | unknown) ;;
    *) printf '%s is active; ' "$unit" ;;
    esac
    case $(ctl is-enabled "$unit" 2>/dev/null) in
    enabled | enabled-runtime) printf '%s is enabled; ' "$unit" ;;
    esac
  done
  if engine_runs; then printf 'dockerd runs; '; fi
  if docker_answers; then printf 'docker answers; '; fi
}

check_expiry
need_tools systemctl grep
check_instance "$SSM_instanceId"
lock -x 60
# First, and for good: should Docker be started again, no document lets this engine near the swarm.
remember_epoch "fenced in epoch $SSM_epoch"
# The socket first: a request to it would start the service again. Unknown units are none that could be active.
for unit in docker.socket docker.service; do
  ctl disable "$unit" || :
done
ctl stop docker.socket || :
ctl stop docker.service || :

patience=$(($(now) + 20))
left=$(unfenced)
while [ -n "$left" ]; do
  if [ "$(now)" -ge "$patience" ] || ! has_time; then fail 54 NotFenced "${left%; }"; fi
  sleep 1
  left=$(unfenced)
done
finish '{"fenced":true}'
