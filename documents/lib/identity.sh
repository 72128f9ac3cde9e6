# How documents begin that change what this engine is a member of, and how they tell a swarm folder that an image brought along from a
# membership of the instance's own.
# Comes after common.sh and machine.sh.

# The addresses of all interfaces of this machine, and the one that it has outside: a person may advertise any of them.
own_addresses() {
  awk '/32 host LOCAL/ { print address } { address = $2 }' /proc/net/fib_trie
  metadata meta-data/public-ipv4 || :
}

# An engine that was copied uses the other instance's address, in whatever swarm that was. It is only called a copy where this
# machine's own addresses could be read: what is genuine must never be taken for one.
is_copied() {
  case $NODE_ADDRESS in
  '' | *[!0-9.]*) return 1 ;;
  esac
  addresses=$(own_addresses)
  printf '%s\n' "$addresses" | grep -Fqx "$OWN_ADDRESS" && ! printf '%s\n' "$addresses" | grep -Fqx "$NODE_ADDRESS"
}

# Takes the engine out of a membership that it was copied from. The other instance notices nothing of it: a copy that leaves
# only stops, and forgets. Sets CLEARED, a member of the result.
clear_copy() {
  # shellcheck disable=SC2034 # prepare, init and join tell it
  CLEARED=''
  if [ "$NODE_STATE" = inactive ] || ! is_copied; then return 0; fi
  copied="the swarm folder of node $NODE_ID at $NODE_ADDRESS"
  if ! dk 40 swarm leave --force >/dev/null 2>"$WORK/error" || ! read_swarm 10 || [ "$NODE_STATE" != inactive ]; then
    fail 34 NotActive "the image brought $copied, and the engine did not leave it: $(cat "$WORK/error")"
  fi
  # shellcheck disable=SC2034
  CLEARED=",\"cleared\":\"$copied\""
}

# Waits for Docker, takes the lock of the node for itself, and reads what the engine is. Needs SSM_instanceId.
begin_alone() { # TOOL...
  check_expiry
  check_fence
  wait_for_docker
  need_tools "$@"
  need_signing_curl
  check_instance "$SSM_instanceId"
  lock -x 60
  # Others may have had the lock for as long.
  check_fence
  # A manager's engine that has just started, or one that was copied, looks for a leader first, and answers after up to 20 s.
  if ! read_swarm 25; then fail 21 DockerDown 'docker info did not answer'; fi
  clear_copy
  if [ "$NODE_STATE" = locked ]; then
    fail 56 Autolocked 'the swarm state of this engine is locked, and skep has no key: end the instance, and turn autolock off'
  fi
}
