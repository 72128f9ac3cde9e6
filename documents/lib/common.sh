# What all documents of skep begin with. SSM joins it with the verb's own script and runs both as root with /bin/sh.
#
# Stdout carries exactly one line of JSON, the result. All else goes to stderr, and neither ever carries a join token.
# Written for dash and for Docker 20.10 to 29. Parameters come as SSM_<name>; agents before 3.3.2746.0 splice them into the text
# instead, which the documents' patterns make safe. Names in braces are never followed by a colon: the deploy tool would take that
# for a variable of its own. Braces of Docker's templates are built from parts: SSM would take them for parameters.
set -eu
umask 077
export LC_ALL=C
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Only the node's own engine is meant, whatever root's own settings of the docker command say.
unset DOCKER_CONTEXT DOCKER_API_VERSION DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CERT_PATH
export PATH DOCKER_HOST=unix:///var/run/docker.sock DOCKER_CONFIG=/run/skep
O='{''{'
C='}''}'
NEWLINE='
'
exec 3>&1 1>&2

if [ -z "${SSM_cluster+x}" ]; then SSM_cluster='{{ cluster }}'; fi
if [ -z "${SSM_notAfter+x}" ]; then SSM_notAfter='{{ notAfter }}'; fi
if [ -z "${SSM_epoch+x}" ]; then SSM_epoch='{{ epoch }}'; fi
EXECUTION_TIMEOUT='{{ executionTimeout }}'
# The agent kills the script at its time, without a word of it. No call may last until 8 s before, and work is given up a while earlier:
# so there is time to say why.
LAST_CALL=$(($(date +%s) + EXECUTION_TIMEOUT - 8))
DEADLINE=$((LAST_CALL - 12))
# shellcheck disable=SC2034 # the documents that run on the instance concerned use it
FENCE=/run/skep/leaving
# What a node remembers of recoveries, for longer than a boot.
MEMORY=/var/lib/skep
SAID=''
WORK=''

# --- The result

finish() { # JSON
  SAID=yes
  printf '%s\n' "$1" >&3
  exit 0
}

fail() { # CODE NAME MESSAGE
  SAID=yes
  fail_message=$(printf '%s' "$3" | tr '\n\r\t"\134' "   ''" | tr -cd '[:print:]' | sed 's/SWMTKN-[0-9A-Za-z-]*/SWMTKN-.../g' | cut -c 1-400)
  printf '{"error":"%s","message":"%s"}\n' "$2" "$fail_message" >&3
  exit "$1"
}

at_exit() { # CODE
  if [ -n "$WORK" ]; then rm -rf "$WORK"; fi
  # A command failed where nobody expected it. The shell's own exit code would mean nothing to anybody.
  if [ -z "$SAID" ]; then fail 50 DockerFailed "the script of cluster $SSM_cluster ended unexpectedly with $1"; fi
}
trap 'at_exit $?' EXIT

# --- Time, lock, tools

now() { date +%s; }

time_left() { echo $((DEADLINE - $(now))); }

has_time() { [ "$(time_left)" -gt 0 ]; }

# Prints how long a call may last that asks for so many seconds. It is never 0, which curl and timeout take for no limit at all. Fails
# where no call may be made any more.
within() { # SECONDS
  within_left=$((LAST_CALL - $(now)))
  if [ "$within_left" -lt 1 ]; then
    echo 1
    return 1
  fi
  if [ "$1" -lt "$within_left" ]; then within_left=$1; fi
  echo "$within_left"
}

check_expiry() {
  if [ "$(now)" -gt "$SSM_notAfter" ]; then fail 10 Expired "this command was to start before $SSM_notAfter"; fi
}

need_tools() { # NAME...
  for tool in "$@"; do
    if ! command -v "$tool" >/dev/null; then fail 24 ToolMissing "$tool is not installed"; fi
  done
}

make_folder() {
  if [ ! -d /run/skep ]; then mkdir -p /run/skep; fi
}

# One lock for all documents of a node: exclusive (-x) for those that change its own membership, shared (-s) for those that ask
# or change other nodes, where the managers' own version check is the arbiter.
#
# All that a script calls holds the lock with it. Where the script alone is killed, the next one waits until its last call has ended,
# and each call has a timeout. A list of process ids would be no better: an id may mean another process by then.
lock() { # -x|-s SECONDS
  need_tools flock timeout curl
  make_folder
  exec 9>/run/skep/lock
  clear_leftovers
  lock_seconds=$(within "$2") || :
  if ! flock "$1" -w "$lock_seconds" 9; then
    fail 11 Busy "another command held the lock of this node for $lock_seconds seconds"
  fi
  if [ "$1" = -x ] && has_leftovers; then rm -rf /run/skep/work.*; fi
  # Checked under the lock: a command that waited for it may be out of date by now.
  check_expiry
  WORK=$(mktemp -d /run/skep/work.XXXXXX)
}

# Nobody is at work in a folder while one script has the lock alone, so what is there was left by scripts that were killed. Of a lock
# that is taken it is left to the next one.
clear_leftovers() {
  if has_leftovers && flock -x -n 9; then rm -rf /run/skep/work.*; fi
}

has_leftovers() {
  for leftover in /run/skep/work.*; do
    if [ -d "$leftover" ]; then return 0; fi
  done
  return 1
}

# --- What calls answer. A wrapper may warn, a proxy may answer in their place, an answer may be cut off: what is to be a part of a result, a
# path or a list is looked at first, and what has not the form that was asked for is no answer. So a result is JSON, whatever was answered.

# Letters, digits and signs that end no string and begin no line, and no more of them than any id, version or address has.
is_word() { # TEXT
  case $1 in '' | *[!0-9A-Za-z.,_:/@+=~-]*) return 1 ;; esac
  [ "${#1}" -le 200 ]
}

is_number() { # TEXT
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  [ "${#1}" -le 18 ]
}

# --- Docker. Every call has its own timeout, and does not hold the script's output. It stays in the process group of the script
# (--foreground), which is what the agent kills: by itself timeout makes a group of its own, and would go on.

dk() { # SECONDS ARGUMENT...
  dk_seconds=$(within "$1") || return 124
  shift
  timeout --foreground -k 2 "$dk_seconds" docker "$@" 3>&-
}

# Calls the engine's API. The body goes through stdin: arguments can be read by everybody on the machine.
# Sets STATUS (000: no answer) and ANSWER.
api() { # METHOD PATH SECONDS BODY
  if ! api_seconds=$(within "$3"); then
    STATUS=000
    ANSWER=''
    return 0
  fi
  ANSWER=$(printf '%s' "$4" | curl -q -s -X "$1" --max-time "$api_seconds" --unix-socket /var/run/docker.sock -w '\n%{http_code}' \
    -H 'Content-Type: application/json' --data-binary @- "http://docker$2" 3>&-) || ANSWER="$NEWLINE"000
  STATUS=${ANSWER##*"$NEWLINE"}
  ANSWER=${ANSWER%"$NEWLINE"*}
}

# An autolocked manager is out of the raft after each restart, until somebody types a key that skep does not have: no way in for one,
# and no founding. Asked of a manager that has a leader; one that is locked already says so itself.
refuse_autolock() {
  autolock_format="${O}with .Swarm.Cluster$C${O}.Spec.EncryptionConfig.AutoLockManagers$C${O}end$C"
  autolock=$(dk 10 info --format "$autolock_format" 2>/dev/null) || fail 21 DockerDown 'docker info did not answer'
  case $autolock in
  false | '') ;;
  true) fail 56 Autolocked "the swarm $SWARM_ID locks its managers, and skep has no key: docker swarm update --autolock=false" ;;
  *) fail 50 DockerFailed "docker info does not say whether the swarm locks its managers: $autolock" ;;
  esac
}

# What the engine said that went wrong.
complaint() {
  if [ "$STATUS" = 000 ]; then echo 'docker did not answer in time'; fi
  printf '%s' "$ANSWER" | sed 's/^{"message":"//; s/"}$//'
}

docker_answers() {
  command -v docker >/dev/null &&
    curl -q -s -f -o /dev/null --max-time "$(within 5)" --unix-socket /var/run/docker.sock http://docker/_ping 3>&-
}

# Reads what the engine knows of its own membership. Fails when it does not answer, or not in the words of an engine.
read_swarm() { # SECONDS
  swarm_format="${O}.Swarm.LocalNodeState$C|${O}.Swarm.ControlAvailable$C|${O}.Swarm.NodeID$C|${O}.Swarm.NodeAddr$C"
  swarm_format="$swarm_format|${O}if .Swarm.Cluster$C${O}.Swarm.Cluster.ID$C${O}end$C|${O}.DockerRootDir$C|${O}.ServerVersion$C"
  # Older commands exit with 0 when the engine is down, so it is the state that counts.
  swarm_info=$(dk "$1" info --format "$swarm_format|${O}.Swarm.Error$C" 2>/dev/null) || return 1
  # shellcheck disable=SC2034 # not every document asks for everything
  IFS='|' read -r NODE_STATE IS_MANAGER NODE_ID NODE_ADDRESS SWARM_ID DOCKER_ROOT ENGINE SWARM_ERROR <<END
$swarm_info
END
  case $IS_MANAGER@$DOCKER_ROOT in true@/* | false@/*) ;; *) return 1 ;; esac
  is_word "$NODE_STATE" && is_word "$ENGINE" && is_word "-$NODE_ID-$NODE_ADDRESS-$SWARM_ID"
}

# --- The epoch. After a recovery the old managers, should they come back, have a swarm of the very same id and certificates: what
# tells them apart is that they missed the recovery. Only managers are compared: a worker has no state that could make a second
# swarm, and where it belongs to is what the managers of this epoch see.

# Prints the epoch that this engine last was let into the managers in: 0 before the first recovery, `fenced` for one that a recovery
# has shut out.
remembered_epoch() {
  remembered=$(cat "$MEMORY/epoch" 2>/dev/null) || remembered=''
  case $remembered in
  '') echo 0 ;;
  *[!0-9]*) echo fenced ;;
  *) echo "$remembered" ;;
  esac
}

# In one rename, so that a machine that dies meanwhile remembers one or the other.
remember_epoch() { # EPOCH
  mkdir -p "$MEMORY"
  printf '%s\n' "$1" >"$MEMORY/epoch.new"
  mv "$MEMORY/epoch.new" "$MEMORY/epoch"
}

# Asked by the documents that run on the instance concerned, after read_swarm: no way into the swarm for a manager of another epoch.
check_own_epoch() {
  # One that found no leader when it started calls itself no manager, and has a manager's state all the same.
  if [ "$IS_MANAGER" != true ] && { [ "$NODE_STATE" = inactive ] || [ "$NODE_STATE" = active ] || [ ! -d "$DOCKER_ROOT/swarm/raft" ]; }; then
    return 0
  fi
  own_epoch=$(remembered_epoch)
  if [ "$own_epoch" != "$SSM_epoch" ]; then
    fail 52 FormerManager "this engine is a manager of epoch $own_epoch, the cluster is in epoch $SSM_epoch"
  fi
}

# The managers' own state: asked first by every document that runs on a manager.
need_manager() {
  if ! command -v docker >/dev/null; then fail 20 DockerMissing 'there is no docker command'; fi
  if ! read_swarm 5; then
    # A manager that has just lost its leader answers to nothing that concerns the swarm, for up to 20 s: not even to `docker info`.
    if docker_answers; then fail 41 NoLeader 'docker is up, but docker info did not answer in time'; fi
    fail 21 DockerDown 'docker did not answer'
  fi
  if [ "$NODE_STATE" != active ] || [ "$IS_MANAGER" != true ]; then
    fail 40 NotManager "this node is no manager (state $NODE_STATE) $SWARM_ERROR"
  fi
  own_epoch=$(remembered_epoch)
  if [ "$own_epoch" != "$SSM_epoch" ]; then
    fail 51 OtherEpoch "this manager is of epoch $own_epoch, the command of epoch $SSM_epoch"
  fi
  # Without a leader an engine still calls itself an active manager, and only this tells.
  if [ -n "$SWARM_ERROR" ] || [ -z "$SWARM_ID" ]; then fail 41 NoLeader "$SWARM_ERROR"; fi
}

# A manager did not do what it was asked: without a leader it hangs, or says so, and that must not look like a broken command.
docker_failed() { # MESSAGE
  case $1 in
  *'not have a leader'* | *DeadlineExceeded* | *'lost leader'* | *'did not answer in time'*) fail 41 NoLeader "$1" ;;
  *) fail 50 DockerFailed "$1" ;;
  esac
}
