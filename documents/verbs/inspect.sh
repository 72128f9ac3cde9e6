# inspect: tells the swarm's nodes, packed: SSM returns 24,000 characters, and a swarm may have 2,000 nodes.
# Runs on any manager. Comes after common.sh, machine.sh, node.sh and tokens.sh.
#
# All of them in pages, or, with brief, only those that are not plain healthy workers: of those their number and a digest, which
# whoever asks compares with the one of what it expects. So a swarm that is as it should be costs one command, however large it is.

PAGE=400
# What nodes, marks and histories may take together, in bytes: the rest of a result takes less than 2,000.
ROOM=22000
MARKS=50
# So many bytes of marks are told, of the 24,000 that SSM returns. One of skep's has 2,700 at most, most of them 60.
MARKED=6000
# So many are named. A full page leaves little room.
GHOSTS=5

# A line per node: id role state availability instance leader address mark version age past, with - for what there is not. The version is
# told of what skep has drained, the age (seconds since anything about it changed) of what is not ready: both cost characters. So do the
# address of a node that has no label, and a past of `none`: that of a node of which no engine has ever said anything.
tell_nodes() { # reads ids
  node_format="${O}.ID$C ${O}.Spec.Role$C ${O}.Status.State$C ${O}.Spec.Availability$C ${O}if .ManagerStatus$C"
  node_format="$node_format${O}if .ManagerStatus.Leader${C}leader${O}else$C${O}.ManagerStatus.Reachability$C${O}end$C ${O}or .ManagerStatus.Addr \"-\"$C"
  # What has never come up has neither an address nor a hostname: an empty field would move all that come after it.
  node_format="$node_format${O}else$C- -${O}end$C ${O}or .Status.Addr \"-\"$C ${O}.Version.Index$C ${O}.UpdatedAt.Unix$C"
  node_format="$node_format ${O}if .Description.Hostname${C}some${O}else${C}none${O}end$C"
  # Labels are anybody's who may write the node, so they are told as JSON: what stands in one makes no field and no line.
  node_format="$node_format|${O}json (index .Spec.Labels \"skep.instance\")$C|${O}json (index .Spec.Labels \"skep.leaving\")$C"
  node_code=0
  xargs timeout --foreground -k 2 "$(within 40)" docker node inspect --format "$node_format" 2>"$WORK/error" 3>&- || node_code=$?
  # A node that was removed meanwhile is simply not there.
  if [ "$node_code" != 0 ] && ! grep -Eqi 'not found|no such node' "$WORK/error"; then return 1; fi
}

shape() { # reads what tell_nodes printed
  awk -F '|' -v now="$(now)" 'NF {
    split($1, field, " ")
    if (field[1] !~ /^[0-9a-z]+$/ || length($1) > 300) next
    instance = $2 ~ /^"i-[0-9a-f]+"$/ && length($2) <= 21 ? substr($2, 2, length($2) - 2) : "-"
    leader = field[5] ~ /^(leader|reachable|-)$/ ? field[5] : "unreachable"
    # Some engines do not know the address of the leader but as a manager. Of workers nobody asks, but of one that has no label: whose it is
    # nobody has proven yet.
    address = field[7]
    if (address == "-" || address == "0.0.0.0") { address = field[6]; sub(/:[0-9]+$/, "", address) }
    if (leader == "-" && instance != "-") address = "-"
    past = field[10] == "none" && field[3] != "ready" && leader == "-" ? " none" : ""
    mark = $3 == "\"true\"" ? "leaving" : "-"
    age = now - field[9]
    print field[1], field[2], field[3], field[4], instance, leader, address, mark, mark == "-" ? "-" : field[8], (field[3] == "ready" ? "-" : age < 0 ? 0 : age) past
  }'
}

# A worker that is Ready, active and labelled, and bears no mark.
# shellcheck disable=SC2016 # the dollars are awk's
is_plain='$2 == "worker" && $3 == "ready" && $4 == "active" && $5 != "-" && $6 == "-" && $8 == "-"'

# Prints task@node of what is told to be at work on a node that is not in the swarm, and END where the list of tasks was whole.
# In a task of the engine's API these members come in this order, and no label or text of a user's can look like them: in texts quotes
# are escaped, and what is in braces is on a line of its own here.
ghosts_in() { # FILE_OF_NODE_IDS; reads all tasks, and END
  tr '{' '\n' | awk -v nodes="$1" '
    BEGIN { while ((getline id < nodes) > 0) known[id] = 1 }
    /^"ID":"[0-9a-z]+","Version":$/ { split($0, part, "\""); task = substr(part[4], 1, 25) }
    has_status && /^"Timestamp":"[^"]*","State":"(assigned|accepted|preparing|ready|starting|running)"/ {
      if (!(node in known)) print task "@" substr(node, 1, 25)
    }
    { has_status = /"(ServiceID|NodeID)":"[0-9a-z]*",("Slot":[0-9]+,)?("NodeID":"[0-9a-z]*",)?"Status":$/ }
    has_status { node = match($0, /"NodeID":"[0-9a-z]+","Status":$/) ? substr($0, RSTART + 10, RLENGTH - 21) : "-" }
    /^END$/ { whole = 1 }
    END { if (whole) print "END" }'
}

# Ghosts (moby#37320): of a node that was removed, engines before 18.09.5 left tasks on record as they were, for ever, and an upgrade
# keeps them. Nothing takes them away, and nothing of skep waits for them: it counts by nodes that there are. They are told of. The
# list of tasks is 16 MB where there are 20,000, so it is in no variable. Prints a member of the result, or nothing where nobody knows.
ghosts_told() {
  printf '%s\n' "$known_nodes" >"$WORK/nodes"
  { curl -q -s -f --max-time "$(within 15)" --unix-socket /var/run/docker.sock http://docker/tasks 3>&- && printf '\nEND\n'; } |
    ghosts_in "$WORK/nodes" >"$WORK/ghosts" || return 0
  if [ "$(tail -n 1 "$WORK/ghosts")" != END ]; then return 0; fi
  # A node that has joined since is no stranger.
  if [ "$(head -n 1 "$WORK/ghosts")" != END ] && ! ask_ids 10 node ls --quiet >"$WORK/nodes"; then return 0; fi
  awk -F @ -v most="$GHOSTS" -v nodes="$WORK/nodes" '
    BEGIN { while ((getline id < nodes) > 0) known[id] = 1 }
    NF == 2 && !($2 in known) && ++count <= most { told = told (count > 1 ? "," : "") "\"" $0 "\"" }
    END { printf ",\"ghosts\":{\"count\":%d,\"tasks\":[%s]}", count, told }' "$WORK/ghosts"
}

# What skep itself left on services, and did not take away again: marks, and histories that were not put back and could be (another one
# waits for a person: `skep rollback`). A line of each: service, mark, name; service, time, and how far it came where it was begun. The
# label is the service's own, so that anything may stand there: what is no mark of skep's is told as `-`, and never at its length.
# Prints members of the result; there is nothing, most of the time.
marks_told() {
  if ! marked=$(ask_ids 10 service ls --quiet --filter label=skep.shift) || ! kept=$(ask_ids 10 config ls --quiet --filter name=skep-shift-); then return 0; fi
  if [ -z "$marked$kept" ]; then return 0; fi
  marks=''
  marked_number=0
  if [ -n "$marked" ]; then
    marked_number=$(printf '%s\n' "$marked" | grep -c .) || :
    mark_format="${O}json .ID$C ${O}json (truncate (index .Spec.Labels \"skep.shift\") 2700)$C ${O}json .Spec.Name$C"
    # Those that may be taken back come first: what is no mark keeps none of them from being told.
    marks=$(printf '%s\n' "$marked" | xargs timeout --foreground -k 2 "$(within 20)" docker service inspect --format "$mark_format" 2>/dev/null 3>&- | only_marks |
      sort -s -k 2,2r | fitting "$MARKED") || :
  fi
  histories=''
  if [ -n "$kept" ]; then
    kept_format="${O}json .Spec.Name$C ${O}json (truncate (index .Spec.Labels \"skep.at\") 12)$C"
    kept_format="$kept_format ${O}json (truncate (index .Spec.Labels \"skep.safe\") 5)$C ${O}json (truncate (index .Spec.Labels \"skep.phase\") 10)$C"
    histories=$(printf '%s\n' "$kept" | head -n "$MARKS" | xargs timeout --foreground -k 2 "$(within 10)" docker config inspect --format "$kept_format" 2>/dev/null 3>&- |
      sed -n 's/^"skep-shift-\([0-9a-z]\{25\}\)" "\([0-9]\{1,12\}\)" "yes" "\([a-z]*\)"$/\1 \2 \3/p' | sed 's/ $//' | fitting "$MARKED") || :
  fi
  printf ',"marked":%d,"marks":[%s],"kept":[%s]' "$marked_number" "$(quoted "$marks")" "$(quoted "$histories")"
}

# A line each: service, mark or -, name; of what docker printed, each field of it JSON.
only_marks() {
  awk '$1 ~ /^"[0-9a-z]+"$/ {
    mark = $2
    gsub(/"/, "", mark)
    name = $NF
    gsub(/"/, "", name)
    if (name !~ /^[0-9A-Za-z_.-]+$/ || length(name) > 128) name = "-"
    if (NF != 3 || mark !~ /^(more@[0-9]+@[0-9]+|exclude@[0-9]+@[0-9a-z+]+)$/) mark = "-"
    print substr($1, 2, length($1) - 2), mark, name
  }'
}

# So many bytes of lines, whole ones only: what is not told is known by its number.
fitting() { # BYTES
  awk -v most="$1" '{ size += length($0) + 3; if (size > most) exit; print }'
}

quoted() { # LINES, of letters, digits and ._@+- only
  printf '%s' "$1" | awk 'NF && !/[^0-9A-Za-z._@+ -]/ { printf "%s", (first++ ? "," : "") "\"" $0 "\"" }'
}

page_of() { # SIZE
  awk -v from="$SSM_offset" -v size="$1" 'NF && NR > from && NR <= from + size'
}

# Packs what fits into so many bytes. Sets PACK and SIZE, the number of lines in it.
pack_nodes() { # LINES BYTES
  SIZE=$PAGE
  while :; do
    PACK=$(printf '%s\n' "$1" | head -n "$SIZE" | gzip -n -9 | base64 -w 0)
    if [ "$(printf '%s' "$PACK" | wc -c)" -le "$2" ] || [ "$SIZE" = 1 ]; then return 0; fi
    SIZE=$(((SIZE + 1) / 2))
  done
}

lock -s 5
need_tools awk grep gzip base64 sort sed xargs sha256sum cut od tr head tail
need_own_manager
if ! ids=$(ask_ids 20 node ls --quiet); then docker_failed "docker node ls: $(cat "$WORK/error")"; fi
ids=$(printf '%s\n' "$ids" | sort)
known_nodes=$ids
total=$(printf '%s' "$ids" | grep -c .) || :
if [ "$SSM_brief" = no ]; then ids=$(printf '%s\n' "$ids" | page_of "$PAGE"); fi

nodes=''
healthy=''
if [ -n "$ids" ]; then
  if ! told=$(printf '%s\n' "$ids" | tell_nodes); then docker_failed "docker node inspect: $(cat "$WORK/error")"; fi
  nodes=$(printf '%s\n' "$told" | shape)
fi
if [ "$SSM_brief" = yes ]; then
  plain=$(printf '%s\n' "$nodes" | awk "$is_plain"' { print $1, $5 }')
  count=$(printf '%s' "$plain" | grep -c .) || :
  healthy=",\"healthy\":$count,\"digest\":\"$(digest_of "$plain")\""
  nodes=$(printf '%s\n' "$nodes" | awk "NF && !($is_plain)")
  total=$(printf '%s' "$nodes" | grep -c .) || :
  nodes=$(printf '%s\n' "$nodes" | page_of "$PAGE")
fi
# With the first page: what the tidy holds against what was published last, and what it can only tell of.
digests=''
ghosts=''
marks_and_kept=''
if [ "$SSM_offset" = 0 ]; then
  read_tokens
  digests=",\"tokens\":{\"worker\":\"$(digest_of "$worker_token")\",\"manager\":\"$(digest_of "$manager_token")\"}"
  ghosts=$(ghosts_told)
  marks_and_kept=$(marks_told)
fi
PACK=''
SIZE=$PAGE
if [ -n "$nodes" ]; then pack_nodes "$nodes" "$((ROOM - ${#marks_and_kept}))"; fi
next=''
if [ "$((SSM_offset + SIZE))" -lt "$total" ]; then next=",\"next\":$((SSM_offset + SIZE))"; fi
finish "$(printf '{"swarmId":"%s","total":%d,"offset":%d,"nodes":"%s"%s%s%s%s%s%s}' \
  "$SWARM_ID" "$total" "$SSM_offset" "$PACK" "$healthy" "$next" "$digests" "$ghosts" "$marks_and_kept" "$(managers_told)")"
