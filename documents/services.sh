# How documents that run on a manager tell of services, of where their tasks run, and of the nodes that could take them. Comes after
# common.sh and node.sh.

# What fits into SSM's 24,000 characters beside the rest of the result.
PACKED=18000

# Docker's templates in a form that neither SSM nor the deploy tool takes for something of its own.
template() { tr -d '\n' | sed "s/<</$O/g; s/>>/$C/g"; }

# A JSON object per service, left open for what is not in the service itself; then, after a tab, what is only looked through: it
# may hold secrets, and does not leave this machine. Lists end with an empty element, which whoever reads them leaves out.
service_template() {
  template <<'END'
{"id":<<json .ID>>,"v":<<.Version.Index>>,"name":<<json .Spec.Name>>,
"mode":"<<with .Spec.Mode>><<if .Replicated>>replicated<<else if .Global>>global<<else if .ReplicatedJob>>replicated-job<<else>>global-job<<end>><<end>>",
"n":<<with .Spec.Mode.Replicated>><<json .Replicas>><<else>>0<<end>>,
"image":<<with .Spec.TaskTemplate.ContainerSpec>><<json .Image>><<else>>""<<end>>,
"update":"<<with .UpdateStatus>><<.State>><<end>>",
"order":"<<with .Spec.UpdateConfig>><<.Order>><<end>>",
"restart":"<<with .Spec.TaskTemplate.RestartPolicy>><<.Condition>><<end>>",
"mounts":[<<with .Spec.TaskTemplate.ContainerSpec>><<range .Mounts>>"<<.Type>><<with .VolumeOptions>><<with .DriverConfig>>:<<.Name>><<end>><<end>>",<<end>><<end>>""],
"constraints":<<with .Spec.TaskTemplate.Placement>><<json .Constraints>><<else>>[]<<end>>,
"prefs":<<with .Spec.TaskTemplate.Placement>><<len .Preferences>><<else>>0<<end>>,
"max":<<with .Spec.TaskTemplate.Placement>><<.MaxReplicas>><<else>>0<<end>>,
"platforms":[<<with .Spec.TaskTemplate.Placement>><<range .Platforms>>"<<.OS>>/<<.Architecture>>",<<end>><<end>>""],
<<with .Spec.TaskTemplate.Resources>><<with .Reservations>>"cpu":<<.NanoCPUs>>,"memory":<<.MemoryBytes>>,"generic":<<len .GenericResources>>,<<end>><<end>>
"ports":[<<with .Spec.EndpointSpec>><<range .Ports>><<if eq (printf "%s" .PublishMode) "host">><<.PublishedPort>>,<<end>><<end>><<end>>0],
"health":<<with .Spec.TaskTemplate.ContainerSpec>><<with .Healthcheck>><<if .Test>><<if eq (index .Test 0) "NONE">>false<<else>>true<<end>><<else>>false<<end>><<else>>false<<end>><<else>>false<<end>>,
"labels":{ <<range $key, $value := .Spec.Labels>><<if eq (truncate $key 5) "skep.">><<json $key>>:<<json $value>>,<<end>><<end>>"":""},
"previous":<<with .PreviousSpec>><<json (index .Labels "skep.shift")>><<else>>""<<end>>,
"at":<<.UpdatedAt.Unix>>
END
  printf '\t%s' "${O}json .ID$C"
  printf '\t%s' "${O}json .Spec.TaskTemplate.ContainerSpec$C"
}

node_template() {
  template <<'END'
{"id":<<json .ID>>,"name":<<json .Description.Hostname>>,"role":"<<.Spec.Role>>","state":"<<.Status.State>>",
"availability":"<<.Spec.Availability>>","labels":<<json .Spec.Labels>>,"engine":<<json .Description.Engine.Labels>>,
"platform":"<<.Description.Platform.OS>>/<<.Description.Platform.Architecture>>",
"cpu":<<.Description.Resources.NanoCPUs>>,"memory":<<.Description.Resources.MemoryBytes>>}
END
}

# Inspects many in one go. What was removed meanwhile is simply not there.
inspect_all() { # node|service FORMAT, reads ids
  all_code=0
  xargs timeout -k 2 40 docker "$1" inspect --format "$2" 2>"$WORK/error" 3>&- 9>&- || all_code=$?
  if [ "$all_code" != 0 ] && ! grep -Eqi 'not found|no such (node|service)' "$WORK/error"; then
    # Told to end by its timeout, docker says nothing.
    if [ ! -s "$WORK/error" ]; then echo 'docker did not answer in time' >"$WORK/error"; fi
    docker_failed "docker $1 inspect: $(cat "$WORK/error")"
  fi
}

# The ids of all nodes, sorted, in a file: tasks are told by the place of their node among them.
list_nodes() {
  if ! node_list=$(ask 20 node ls --quiet); then docker_failed "docker node ls: $(cat "$WORK/error")"; fi
  printf '%s\n' "$node_list" | sort >"$WORK/nodes"
}

# Prints a line for each task that is to run: service, node (- where it has none yet), state. These members of a task stand side by
# side in what the engine sends, which nothing else in there does: no string of JSON holds a quote that is not escaped.
tasks_of() { # FILTERS, as JSON
  rm -f "$WORK/unanswered"
  { curl -q -s -f -G --max-time 40 --unix-socket /var/run/docker.sock --data-urlencode "filters=$1" http://docker/tasks \
    3>&- 9>&- || touch "$WORK/unanswered"; } | grep -o '"ServiceID":"[0-9a-z]*",\("Slot":[0-9]*,\)\{0,1\}\("NodeID":"[0-9a-z]*",\)\{0,1\}"Status":{"Timestamp":"[^"]*","State":"[a-z]*"' |
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
  awk -F '\t' -v nodes="$WORK/nodes" -v tasks="$WORK/tasks" -v kept="$WORK/kept" '
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
    NF > 2 {
      id = substr($2, 2, length($2) - 2)
      told = ""
      number = split(where[id], on, " ")
      for (i = 1; i <= number; i++) {
        key = id " " on[i]
        told = told (i > 1 ? "," : "") "[" place[on[i]] "," running[key] "," others[key] "]"
      }
      printf "%s,\"kept\":%s,\"templated\":%s,\"unassigned\":%d,\"tasks\":[%s]}\n", $1, (id in is_kept) ? "true" : "false", \
        ($3 ~ /[{][{][^}]*[.]Task[.]/) ? "true" : "false", unassigned[id], told
    }' "$WORK/inspected" >"$WORK/services"
  rm -f "$WORK/inspected"
}

# Packs as many lines as fit, from the offset on. Sets PACK, TOTAL and NEXT (empty where nothing is left).
pack() { # FILE OFFSET
  TOTAL=$(grep -c . "$1") || :
  pack_size=400
  while :; do
    PACK=$(awk -v from="$2" -v size="$pack_size" 'NR > from && NR <= from + size' "$1" | gzip -n -9 | base64 -w 0)
    if [ "$(printf '%s' "$PACK" | wc -c)" -le "$PACKED" ] || [ "$pack_size" = 1 ]; then break; fi
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
