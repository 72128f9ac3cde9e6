# How documents that run on a manager tell of services, of where their tasks run, and of the nodes that could take them. Comes after
# common.sh and node.sh.

# What fits into the 24,000 bytes that SSM returns, beside the rest of the result.
PACKED=18000
# The longest line that is told of one service or node: skep's own mark and constraints of a hundred nodes take 7,000. Of a longer one only id
# and name are told, so that it is left out by name and nothing else is. It is in bytes, as all lengths here (LC_ALL=C).
LONGEST=9000

# Docker's templates in a form that neither SSM nor the deploy tool takes for something of its own.
template() { tr -d '\n' | sed "s/<</$O/g; s/>>/$C/g"; }

# A line of JSON per service, left open for what is not in the service itself. Every value goes through the engine's own encoder, `json`,
# one by one: whatever a name, a driver or a platform is made of, it ends no string and begins no line. What a mark can be is all that is
# told of one. Lists and objects end with an empty element, which whoever reads them leaves out. The text of the tasks may hold secrets and
# does not leave this machine: only whether a template in there depends on the task is told.
service_template() {
  template <<'END'
{"id":<<json .ID>>,"name":<<json .Spec.Name>>,"v":<<json .Version.Index>>,
"mode":"<<with .Spec.Mode>><<if .Replicated>>replicated<<else if .Global>>global<<else if .ReplicatedJob>>replicated-job<<else>>global-job<<end>><<end>>",
"n":<<with .Spec.Mode.Replicated>><<json .Replicas>><<else>>0<<end>>,
"image":<<with .Spec.TaskTemplate.ContainerSpec>><<json .Image>><<else>>""<<end>>,
"update":<<with .UpdateStatus>><<json .State>><<else>>""<<end>>,
"order":<<with .Spec.UpdateConfig>><<json .Order>><<else>>""<<end>>,
"restart":<<with .Spec.TaskTemplate.RestartPolicy>><<json .Condition>><<else>>""<<end>>,
"mounts":[<<with .Spec.TaskTemplate.ContainerSpec>><<range .Mounts>>[<<json .Type>>,<<with .VolumeOptions>><<with .DriverConfig>><<json .Name>><<else>>""<<end>><<else>>""<<end>>],<<end>><<end>>""],
"constraints":<<with .Spec.TaskTemplate.Placement>><<json .Constraints>><<else>>[]<<end>>,
"prefs":<<with .Spec.TaskTemplate.Placement>><<len .Preferences>><<else>>0<<end>>,
"max":<<with .Spec.TaskTemplate.Placement>><<json .MaxReplicas>><<else>>0<<end>>,
"platforms":[<<with .Spec.TaskTemplate.Placement>><<range .Platforms>>[<<json .OS>>,<<json .Architecture>>],<<end>><<end>>""],
<<with .Spec.TaskTemplate.Resources>><<with .Reservations>>"cpu":<<json .NanoCPUs>>,"memory":<<json .MemoryBytes>>,"generic":<<len .GenericResources>>,<<end>><<end>>
"ports":[<<with .Spec.EndpointSpec>><<range .Ports>><<if eq (printf "%s" .PublishMode) "host">><<json .PublishedPort>>,<<end>><<end>><<end>>0],
"health":<<with .Spec.TaskTemplate.ContainerSpec>><<with .Healthcheck>><<if .Test>><<if eq (index .Test 0) "NONE">>false<<else>>true<<end>><<else>>false<<end>><<else>>false<<end>><<else>>false<<end>>,
"labels":{"skep.shift":<<json (truncate (index .Spec.Labels "skep.shift") 2700)>>,"skep.rebalance":<<json (truncate (index .Spec.Labels "skep.rebalance") 40)>>,"skep.hand-over":<<json (truncate (index .Spec.Labels "skep.hand-over") 40)>>},
"previous":<<with .PreviousSpec>><<json (truncate (index .Labels "skep.shift") 2700)>><<else>>""<<end>>,
"templated":[<<range $at, $part := split (json .Spec.TaskTemplate.ContainerSpec) "\x7b\x7b">><<if $at>><<if gt (len (split (index (split $part "\x7d\x7d") 0) ".Task.")) 1>>true,<<end>><<end>><<end>>false],
"at":<<json .UpdatedAt.Unix>>
END
}

node_template() {
  template <<'END'
{"id":<<json .ID>>,"name":<<json .Description.Hostname>>,"role":<<json .Spec.Role>>,"state":<<json .Status.State>>,
"availability":<<json .Spec.Availability>>,"labels":<<json .Spec.Labels>>,"engine":<<json .Description.Engine.Labels>>,
"platform":[<<json .Description.Platform.OS>>,<<json .Description.Platform.Architecture>>],
"cpu":<<json .Description.Resources.NanoCPUs>>,"memory":<<json .Description.Resources.MemoryBytes>>}
END
}

# Functions for awk: of a line that does not fit only the id and, if it is one, the name of a service or a host is left.
# shellcheck disable=SC2016 # the dollars are awk's
cut_line='
  function cut(line) {
    if (!match(line, /^[{]"id":"[0-9a-z]+",("name":"[0-9A-Za-z_.-]+",)?/)) return ""
    if (RLENGTH > 200) match(line, /^[{]"id":"[0-9a-z]+",/)
    return substr(line, 1, RLENGTH) "\"cut\":" length(line) "}"
  }'

# Inspects many in one go. What was removed meanwhile is simply not there.
inspect_all() { # node|service FORMAT, reads ids
  all_code=0
  xargs timeout --foreground -k 2 "$(within 40)" docker "$1" inspect --format "$2" 2>"$WORK/error" 3>&- || all_code=$?
  if [ "$all_code" != 0 ] && ! grep -Eqi 'not found|no such (node|service)' "$WORK/error"; then
    # Told to end by its timeout, docker says nothing.
    if [ ! -s "$WORK/error" ]; then echo 'docker did not answer in time' >"$WORK/error"; fi
    docker_failed "docker $1 inspect: $(cat "$WORK/error")"
  fi
}

# The ids of all nodes, sorted, in a file: tasks are told by the place of their node among them.
list_nodes() {
  if ! node_list=$(ask_ids 20 node ls --quiet); then docker_failed "docker node ls: $(cat "$WORK/error")"; fi
  printf '%s\n' "$node_list" | sort >"$WORK/nodes"
}

# Prints a line for each task that is to run: service, node (- where it has none yet), state. These members of a task stand side by
# side in what the engine sends, which nothing else in there does: no string of JSON holds a quote that is not escaped.
tasks_of() { # FILTERS, as JSON
  rm -f "$WORK/unanswered"
  { curl -q -s -f -G --max-time "$(within 40)" --unix-socket /var/run/docker.sock --data-urlencode "filters=$1" http://docker/tasks \
    3>&- || touch "$WORK/unanswered"; } | grep -o '"ServiceID":"[0-9a-z]*",\("Slot":[0-9]*,\)\{0,1\}\("NodeID":"[0-9a-z]*",\)\{0,1\}"Status":{"Timestamp":"[^"]*","State":"[a-z]*"' |
    sed 's/^"ServiceID":"\([0-9a-z]*\)",\("Slot":[0-9]*,\)\{0,1\}\(.*\)"Status":{.*"State":"\([a-z]*\)"$/\1 \3 \4/; s/"NodeID":"\([0-9a-z]*\)",/\1/; s/  / - /'
}

# Prints the services of the tasks that are to run on these nodes.
services_on() { # NODE,...
  tasks_of "{\"desired-state\":[\"running\"],\"node\":[\"$(printf '%s' "$1" | sed 's/,/","/g')\"]}" | cut -d ' ' -f 1
}

need_answer() {
  if [ -e "$WORK/unanswered" ]; then docker_failed 'the list of tasks: docker did not answer in time'; fi
}

# Writes a line of JSON per service to $WORK/services.
describe_services() { # IDS
  printf '%s\n' "$1" | sort -u | grep . >"$WORK/asked" || :
  if [ ! -s "$WORK/asked" ]; then
    : >"$WORK/services"
    return 0
  fi
  # All at once where all are meant: the engine looks at each task for each name in a filter.
  task_filter='"desired-state":["running"]'
  if [ "$(grep -c . "$WORK/asked")" -le 20 ]; then
    task_filter="$task_filter,\"service\":[\"$(paste -s -d , "$WORK/asked" | sed 's/,/","/g')\"]"
  fi
  tasks_of "{$task_filter}" >"$WORK/tasks"
  need_answer
  if ! kept=$(ask 10 config ls --format "${O}.Name$C" --filter name=skep-shift-); then
    docker_failed "docker config ls: $(cat "$WORK/error")"
  fi
  printf '%s\n' "$kept" >"$WORK/kept"
  inspect_all service "$(service_template)" <"$WORK/asked" >"$WORK/inspected"
  awk -v nodes="$WORK/nodes" -v tasks="$WORK/tasks" -v kept="$WORK/kept" -v longest="$LONGEST" "$cut_line"'
    BEGIN {
      while ((getline line < nodes) > 0) place[line] = count++
      while ((getline line < kept) > 0) { sub(/^skep-shift-/, "", line); is_kept[line] = 1 }
      while ((getline line < tasks) > 0) {
        split(line, task, " ")
        if (!(task[2] in place)) { unassigned[task[1]]++; continue }
        key = task[1] " " task[2]
        if (!(key in running)) { running[key] = 0; others[key] = 0; where[task[1]] = where[task[1]] " " task[2] }
        if (task[3] == "running") running[key]++; else others[key]++
      }
    }
    # The id comes first, and the engine makes it of letters and digits. `service ls --quiet` prints short ids, and knows no --no-trunc, so
    # that a service may have been asked about by both.
    /^[{]"id":"[0-9a-z]+",/ {
      id = substr($0, 8, index(substr($0, 8), "\"") - 1)
      if (id in is_told) next
      is_told[id] = 1
    }
    length($0) > longest { print cut($0); next }
    /^[{]"id":"[0-9a-z]+",/ {
      told = ""
      number = split(where[id], on, " ")
      for (i = 1; i <= number; i++) {
        key = id " " on[i]
        told = told (i > 1 ? "," : "") "[" place[on[i]] "," running[key] "," others[key] "]"
      }
      print $0 ",\"kept\":" ((id in is_kept) ? "true" : "false") ",\"unassigned\":" (unassigned[id] + 0) ",\"tasks\":[" told "]}"
    }' "$WORK/inspected" >"$WORK/services"
  rm -f "$WORK/inspected"
}

# Packs as many lines as fit, from the offset on. Sets PACK, TOTAL and NEXT (empty where nothing is left). A line that does not fit even
# alone is cut.
pack() { # FILE OFFSET
  TOTAL=$(grep -c . "$1") || :
  pack_size=400
  pack_longest=1000000
  while :; do
    PACK=$(awk -v from="$2" -v size="$pack_size" -v longest="$pack_longest" "$cut_line"'
      NR > from && NR <= from + size { if (length($0) > longest) print cut($0); else print }' "$1" | gzip -n -9 | base64 -w 0)
    if [ "$(printf '%s' "$PACK" | wc -c)" -le "$PACKED" ] || [ "$pack_longest" = 0 ]; then break; fi
    if [ "$pack_size" = 1 ]; then pack_longest=0; fi
    pack_size=$(((pack_size + 1) / 2))
  done
  NEXT=''
  if [ "$(($2 + pack_size))" -lt "$TOTAL" ]; then NEXT=$(($2 + pack_size)); fi
  if [ "$TOTAL" = 0 ]; then PACK=''; fi
}

# Prints members of the result: "total", "next" and the packed lines under the name given.
packed() { # NAME FILE OFFSET
  pack "$2" "$3"
  printf ',"total":%d,"%s":"%s"' "$TOTAL" "$1" "$PACK"
  if [ -n "$NEXT" ]; then printf ',"next":%d' "$NEXT"; fi
}

# The places of nodes among all, comma-separated; -1 for one that is not there.
places_of() { # NODE,...
  printf '%s' "$1" | tr , '\n' | awk -v nodes="$WORK/nodes" '
    BEGIN { while ((getline line < nodes) > 0) place[line] = count++ }
    NF { printf "%s%d", first++ ? "," : "", ($1 in place) ? place[$1] : -1 }'
}
