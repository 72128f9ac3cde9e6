# inspect: tells a page of the swarm's nodes, packed: SSM returns 24,000 characters, and a swarm may have 2,000 nodes.
# Runs on any manager. Comes after common.sh and node.sh.
if [ -z "${SSM_offset+x}" ]; then SSM_offset='{{ offset }}'; fi
PAGE=400

# A line per node: id role state availability instance leader address, with - for what there is not.
tell_nodes() { # reads ids
  node_format="${O}.ID$C ${O}.Spec.Role$C ${O}.Status.State$C ${O}.Spec.Availability$C ${O}if .ManagerStatus$C"
  node_format="$node_format${O}if .ManagerStatus.Leader${C}leader${O}else$C${O}.ManagerStatus.Reachability$C${O}end$C ${O}.ManagerStatus.Addr$C"
  node_format="$node_format${O}else$C- -${O}end$C ${O}.Status.Addr$C|${O}index .Spec.Labels \"skep.instance\"$C"
  node_code=0
  xargs timeout -k 2 40 docker node inspect --format "$node_format" 2>"$WORK/error" 3>&- 9>&- || node_code=$?
  # A node that was removed meanwhile is simply not there.
  if [ "$node_code" != 0 ] && ! grep -Eqi 'not found|no such node' "$WORK/error"; then return 1; fi
}

lock -s 5
need_tools awk grep gzip base64 sort sed xargs
need_own_manager
if ! ids=$(ask 20 node ls --quiet); then docker_failed "docker node ls: $(cat "$WORK/error")"; fi
ids=$(printf '%s\n' "$ids" | sort)
total=$(printf '%s' "$ids" | grep -c .) || :
page=$(printf '%s\n' "$ids" | awk -v from="$SSM_offset" -v size="$PAGE" 'NF && NR > from && NR <= from + size')

nodes=''
if [ -n "$page" ]; then
  if ! told=$(printf '%s\n' "$page" | tell_nodes); then docker_failed "docker node inspect: $(cat "$WORK/error")"; fi
  nodes=$(printf '%s\n' "$told" | awk -F '|' 'NF {
    split($1, field, " ")
    instance = $2 ~ /^i-[0-9a-f]+$/ ? $2 : "-"
    leader = field[5] ~ /^(leader|reachable|-)$/ ? field[5] : "unreachable"
    # Some engines do not know the address of the leader but as a manager.
    address = field[7]
    if (address == "" || address == "0.0.0.0") { address = field[6]; sub(/:[0-9]+$/, "", address) }
    print field[1], field[2], field[3], field[4], instance, leader, address == "" ? "-" : address
  }' | gzip -n -9 | base64 -w 0)
fi

next=''
if [ "$((SSM_offset + PAGE))" -lt "$total" ]; then next=",\"next\":$((SSM_offset + PAGE))"; fi
finish "$(printf '{"swarmId":"%s","total":%d,"offset":%d,"nodes":"%s"%s%s}' "$SWARM_ID" "$total" "$SSM_offset" "$nodes" "$next" "$(managers_told)")"
