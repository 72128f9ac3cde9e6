# Reads and changes JSON as the engine prints it. Comes after common.sh, and knows nothing of services. The text comes through stdin, what is to become of it through
# the environment: nothing of either is ever part of a program. Paths are members one below the other, with / between: Spec/Labels/skep.shift.
# Whatever is in a string stays in it, since strings are told from the rest by their quotes, and by what is escaped in front of those.
#
#   json get PATH PATH...        prints a line for each, empty where there is none
#   json set PATH VALUE          with the members in between, where they are not there
#   json drop PATH
#   json prepend PATH VALUE      to a list, which is made where there is none; VALUE is elements with commas between
#   json without PATH VALUE      a list less these elements; an empty list goes with its name
#
# Fails where the text is no JSON, or ends before its time.
json() { # VERB PATH...
  json_verb=$1
  json_path=$2
  json_value=''
  if [ "$json_verb" = get ]; then
    shift
    json_path=$*
  elif [ "$#" -gt 2 ]; then
    json_value=$3
  fi
  # shellcheck disable=SC2016 # the dollars are awk's
  JSON_VERB=$json_verb JSON_PATH=$json_path JSON_VALUE=$json_value awk '
    function bad() { failed = 1; exit 1 }
    # The token after the value that begins at this one.
    function after(at,  depth) {
      depth = 0
      do {
        if (at > count) bad()
        if (token[at] == "{" || token[at] == "[") depth++
        else if (token[at] == "}" || token[at] == "]") depth--
        at++
      } while (depth > 0)
      return at
    }
    # The first token of the member of that name; 0 where there is none. Sets KEY to the token of its name.
    function member(at, name,  next_one) {
      if (token[at] != "{") return 0
      at++
      while (token[at] != "}") {
        if (at > count || token[at + 1] != ":") bad()
        if (token[at] == "\"" name "\"") { KEY = at; return at + 2 }
        at = after(at + 2)
        if (token[at] == ",") at++
      }
      return 0
    }
    function print_from(at, end) { for (; at < end; at++) print token[at] }
    # Finds the value of a path, or the last one on the way to it that is there. Sets FOUND, and REST to how many names are left.
    function find(path,  number, name, i, next_one) {
      number = split(path, name, "/")
      FOUND = 1
      for (i = 1; i <= number; i++) {
        next_one = member(FOUND, name[i])
        if (!next_one) break
        FOUND = next_one
      }
      REST = number - i + 1
    }
    function nested(path, rest, value,  number, name, i) {
      number = split(path, name, "/")
      for (i = number; i > number - rest + 1; i--) value = "{\"" name[i] "\":" value "}"
      return "\"" name[number - rest + 1] "\":" value
    }
    function put(path, value) {
      find(path)
      if (REST == 0) {
        print_from(1, FOUND)
        print value
        print_from(after(FOUND), count + 1)
      } else if (token[FOUND] == "{") {
        print_from(1, FOUND + 1)
        print nested(path, REST, value) (token[FOUND + 1] == "}" ? "" : ",")
        print_from(FOUND + 1, count + 1)
      } else if (token[FOUND] == "null") {
        print_from(1, FOUND)
        print "{" nested(path, REST, value) "}"
        print_from(FOUND + 1, count + 1)
      } else bad()
    }
    function drop(path,  end) {
      find(path)
      if (REST > 0) { print_from(1, count + 1); return }
      end = after(FOUND)
      if (token[end] == ",") { print_from(1, KEY); print_from(end + 1, count + 1) }
      else { print_from(1, token[KEY - 1] == "," ? KEY - 1 : KEY); print_from(end, count + 1) }
    }
    function prepend(path, value) {
      find(path)
      if (REST == 0 && token[FOUND] == "[") {
        print_from(1, FOUND + 1)
        print value (token[FOUND + 1] == "]" ? "" : ",")
        print_from(FOUND + 1, count + 1)
      } else put(path, "[" value "]")
    }
    # Of elements that are strings without an escape.
    function without(path, value,  number, element, i, gone, at, kept, end) {
      find(path)
      if (REST > 0 || token[FOUND] != "[") { print_from(1, count + 1); return }
      number = split(value, element, ",")
      for (i = 1; i <= number; i++) gone[element[i]] = 1
      kept = ""
      end = after(FOUND) - 1
      for (at = FOUND + 1; at < end; at++)
        if (token[at] != "," && !(token[at] in gone)) kept = kept (kept == "" ? "" : ",") token[at]
      if (kept == "") drop(path); else put(path, "[" kept "]")
    }
    BEGIN { RS = "\""; ORS = "" }
    within {
      text = text $0
      if (match($0, /\\+$/) && RLENGTH % 2) text = text "\""
      else { token[++count] = text "\""; within = 0 }
      next
    }
    {
      word = ""
      size = length($0)
      for (i = 1; i <= size; i++) {
        one = substr($0, i, 1)
        if (index("{}[]:, \t\r\n", one)) {
          if (word != "") { token[++count] = word; word = "" }
          if (index("{}[]:,", one)) token[++count] = one
        } else word = word one
      }
      if (word != "") token[++count] = word
      text = "\""
      within = 1
    }
    END {
      # The last record is what comes after the last quote: text in between two of them is never the last.
      if (failed || token[1] != "{" || !within || after(1) != count + 1) exit 1
      verb = ENVIRON["JSON_VERB"]
      path = ENVIRON["JSON_PATH"]
      value = ENVIRON["JSON_VALUE"]
      if (verb == "get") {
        number = split(path, asked, " ")
        for (i = 1; i <= number; i++) {
          find(asked[i])
          if (REST == 0) print_from(FOUND, after(FOUND))
          print "\n"
        }
      }
      else if (verb == "set") put(path, value)
      else if (verb == "drop") drop(path)
      else if (verb == "prepend") prepend(path, value)
      else if (verb == "without") without(path, value)
    }'
}

# A JSON string of letters, digits and signs without its quotes; of any other nothing that could be taken for one.
plain() { # JSON
  plain_text=${1#\"}
  plain_text=${plain_text%\"}
  case $1 in
  '""' | '') ;;
  *[!0-9A-Za-z@+._:\"-]*) printf '%s' '?' ;;
  \"*\") printf '%s' "$plain_text" ;;
  *) printf '%s' "$1" ;;
  esac
}
