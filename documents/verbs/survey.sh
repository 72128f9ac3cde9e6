# survey: tells what the engine of this instance says of itself, as a manager above all. Changes nothing, and needs neither leader nor quorum.
# Comes after common.sh and machine.sh.

# When the state of the raft was last written: a guess at who knows most, since without a leader no engine tells how far it has come.
raft_time() {
  raft_newest=$(find "$1/swarm/raft" -type f -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)
  echo "${raft_newest%%.*}" | sed 's/^$/0/'
}

# What an adoption asks besides: who the engine is by its certificate, and with what its swarm was founded. What is not to be had is not told,
# since a recovery asks a machine that may be half dead. Prints members of the result.
more_told() {
  read_certificate
  printf ',"engine":"%s","address":"%s","own":"%s","curl":"%s"' "$ENGINE" "$NODE_ADDRESS" "$OWN_ADDRESS" \
    "$(curl --version 2>/dev/null 3>&- | sed -n '1s/^curl \([0-9]\{1,4\}\.[0-9]\{1,4\}\).*/\1/p')"
  printf ',"certificate":{"swarmId":"%s","nodeId":"%s","role":"%s"}' "$CERTIFICATE_SWARM" "$CERTIFICATE_NODE" "$CERTIFICATE_ROLE"
  if [ "$LEADER" = true ]; then founded_told; fi
}

founded_told() {
  founded_format="${O}with .Swarm.Cluster$C,\"founded\":{\"subnetSize\":${O}.SubnetSize$C,\"dataPathPort\":${O}.DataPathPort$C"
  founded_format="$founded_format,\"autolock\":${O}.Spec.EncryptionConfig.AutoLockManagers$C,\"pools\":${O}json .DefaultAddrPool$C}${O}end$C"
  dk 10 info --format "$founded_format" 2>/dev/null | grep -Ex ',"founded":\{"subnetSize":[0-9]{1,5},"dataPathPort":[0-9]{1,5},"autolock":(true|false),"pools":(null|\[("[0-9A-Fa-f.:/]{1,50}",?){0,20}\])\}' |
    sed 1q || :
}

# What would be lost with the disk: local volumes, and how many bytes are in them. One whose options name a server lies there. The largest are named;
# what could not be counted, in time or since it lies where its options say, is told as that. Prints a member of the result, or nothing where Docker
# does not tell them.
LARGEST=20
volumes_told() {
  if ! volume_names=$(dk 20 volume ls --quiet --filter driver=local 2>/dev/null); then return 0; fi
  # A name that Docker itself would not take is none.
  volume_names=$(printf '%s\n' "$volume_names" | grep -Ex '[0-9A-Za-z][0-9A-Za-z_.-]{0,254}') || :
  # Of a volume that is not told here nothing is known but its name.
  volume_options=$(printf '%s\n' "$volume_names" |
    xargs -r timeout --foreground -k 2 "$(within 30)" docker volume inspect --format "${O}json .Name$C ${O}json .Options$C" 2>/dev/null 3>&-) || :
  printf '%s\n' "$volume_names" | measured | sort -rn | awk -v most="$LARGEST" '
      NF == 2 { count++; if ($1 == "?") { unknown++; next } bytes += $1; if (count <= most) largest = largest (count > 1 ? "," : "") "\"" $1 " " $2 "\"" }
      END { printf ",\"volumes\":{\"count\":%d,\"bytes\":%.0f,\"unknown\":%d,\"largest\":[%s]}", count, bytes, unknown, largest }'
}

# Prints bytes, or ?, and the name of each.
measured() { # reads names of volumes
  while read -r volume; do
    if [ -z "$volume" ]; then continue; fi
    volume_bytes='?'
    volume_line=$(printf '%s\n' "$volume_options" | grep -F -m 1 -- "\"$volume\" ") || volume_line=''
    case $volume_line in
    *'"type":"nfs'* | *'"type":"cifs"'* | *addr=*) continue ;;
    *' null' | *' {}') is_here=true ;;
    *) is_here=false ;;
    esac
    if [ "$is_here" = true ] && has_time; then
      volume_bytes=$(timeout --foreground -k 2 "$(within 30)" du -s -x -B 1 -- "$DOCKER_ROOT/volumes/$volume/_data" 2>/dev/null 3>&- | cut -f 1) || :
      if ! is_number "$volume_bytes"; then volume_bytes='?'; fi
    fi
    printf '%s %s\n' "$volume_bytes" "$volume"
  done
}

check_expiry
need_tools find sort tail sed cut grep
check_instance "$SSM_instanceId"
lock -s 5

RECOVERING=$(cat "$MEMORY/recovering" 2>/dev/null) || RECOVERING=''
case $RECOVERING in
'' | *[!0-9]*) RECOVERING=0 ;;
esac
RUNS=false
NODE_STATE=''
IS_MANAGER=false
NODE_ID=''
SWARM_ID=''
ENGINE=''
NODE_ADDRESS=''
DOCKER_ROOT=/var/lib/docker
if docker_answers; then
  RUNS=true
  # One that has lost its leader a moment ago believes in it for a while, and answers to nothing meanwhile.
  if ! read_swarm 25; then fail 41 NoLeader 'docker is up, but docker info did not answer in time'; fi
fi
LEADER=false
MEMBERS=0
REMOTES=''
if [ "$IS_MANAGER" = true ]; then
  # Without a leader it still calls itself a manager, and knows no swarm.
  if [ -z "$SWARM_ERROR" ] && [ -n "$SWARM_ID" ]; then LEADER=true; fi
  survey_format="${O}.Swarm.Managers$C|${O}range .Swarm.RemoteManagers$C${O}.NodeID$C@${O}.Addr$C ${O}end$C"
  survey_said=$(dk 25 info --format "$survey_format" 2>/dev/null) || survey_said='0|'
  MEMBERS=${survey_said%%|*}
  if ! is_number "$MEMBERS"; then MEMBERS=0; fi
  REMOTES=$(printf '%s' "${survey_said#*|}" | tr -cd '0-9a-z@.: ' | cut -c 1-4000 | sed 's/ *$//; s/ /","/g; s/.*/"&"/; s/^""$//')
fi
RAFT=$(raft_time "$DOCKER_ROOT")
MORE=''
if [ "$RUNS" = true ]; then
  MORE=$(more_told)
  if [ "$SSM_volumes" = yes ]; then MORE=$MORE$(volumes_told); fi
fi
finish "$(printf '{"runs":%s,"state":"%s","manager":%s,"leader":%s,"members":%d,"nodeId":"%s","swarmId":"%s","raftTime":%d,"epoch":"%s","recovering":%d,"remotes":[%s]%s}' \
  "$RUNS" "$NODE_STATE" "$IS_MANAGER" "$LEADER" "$MEMBERS" "$NODE_ID" "$SWARM_ID" "$RAFT" "$(remembered_epoch)" "$RECOVERING" "$REMOTES" "$MORE")"
