#!/bin/sh
# The HTTP server of tasks: serves $1 seconds after its start. Told to stop, it goes on for $2 seconds, then closes its door, and ends
# when what it was asked for is answered.
#
# / answers at once, /cgi-bin/slow after five seconds. Each connection is a child of its own, which the listener's end does not touch.
server=
stop() {
  sleep "$grace"
  if [ -n "$server" ]; then kill "$server"; fi
  while pidof httpd >/dev/null; do sleep 0.1; done
  exit 0
}
grace=$2
trap stop TERM
sleep "$1" &
wait $!
httpd -f -p 80 -h /www &
server=$!
wait "$server"
