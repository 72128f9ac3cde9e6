# How documents that run on the instance concerned learn about it: instance metadata, cloud-init, Docker, Parameter Store.
# Comes after common.sh.

# --- Instance metadata (IMDSv2)

# Its session token is as good as the instance's credentials to whoever runs here: no argument may show it.
metadata() { # PATH
  printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$METADATA_TOKEN" |
    curl -q -s -f --noproxy '*' --max-time 2 --retry 3 --retry-max-time "$(within 10)" -K - "http://169.254.169.254/latest/$1" 3>&-
}

# The same of what is one word. Whatever else may have answered there was not the instance's metadata.
metadata_word() { # PATH
  metadata_told=$(metadata "$1") && is_word "$metadata_told" && printf '%s' "$metadata_told"
}

open_metadata() {
  if ! METADATA_TOKEN=$(curl -q -s -f --noproxy '*' --max-time 2 --retry 5 --retry-connrefused --retry-max-time "$(within 15)" -X PUT \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 900' http://169.254.169.254/latest/api/token 3>&-) || ! is_word "$METADATA_TOKEN"; then
    fail 23 MetadataUnavailable 'instance metadata gave no session token'
  fi
}

# Sets OWN_ADDRESS and ZONE.
check_instance() { # INSTANCE_ID
  open_metadata
  # shellcheck disable=SC2034 # leave needs only the check
  if ! { own_id=$(metadata_word meta-data/instance-id) && OWN_ADDRESS=$(metadata_word meta-data/local-ipv4) &&
    ZONE=$(metadata_word meta-data/placement/availability-zone); }; then
    fail 23 MetadataUnavailable 'instance metadata did not tell id, address and zone'
  fi
  if [ "$own_id" != "$1" ]; then fail 25 WrongInstance "this is $own_id, the command was meant for $1"; fi
}

# --- The certificate of its node

# A worker does not know the id of its swarm, only its certificate does. Sets CERTIFICATE_SWARM, CERTIFICATE_ROLE and
# CERTIFICATE_NODE, empty where there is no certificate. SwarmKit's are ids and words; in one that somebody else made anything may stand, and
# of that nothing is left that could end a string, or be taken for one of SwarmKit's.
# shellcheck disable=SC2034 # join asks for all of it
read_certificate() {
  certificate=$(openssl x509 -noout -subject -nameopt multiline -in "$DOCKER_ROOT/swarm/certificates/swarm-node.crt") || certificate=''
  certificate=$(printf '%s\n' "$certificate" | cut -c 1-200 | tr -c '0-9A-Za-z= \n-' '?')
  CERTIFICATE_SWARM=$(printf '%s\n' "$certificate" | sed -n 's/^ *organizationName *= *//p' | sed 1q)
  CERTIFICATE_ROLE=$(printf '%s\n' "$certificate" | sed -n 's/^ *organizationalUnitName *= *swarm-//p' | sed 1q)
  CERTIFICATE_NODE=$(printf '%s\n' "$certificate" | sed -n 's/^ *commonName *= *//p' | sed 1q)
}

# --- Waiting until the machine is made ready

# A terminate fences an instance that may still be joining. The fence is the leave's own notAfter: a command that was
# issued before that one is refused, a later one (the instance came back from a warm pool, say) is not.
check_fence() {
  if [ ! -e "$FENCE" ]; then return 0; fi
  fenced_until=$(cat "$FENCE")
  case $fenced_until in
  '' | *[!0-9]*) ;;
  *) if [ "$SSM_notAfter" -gt "$fenced_until" ]; then return 0; fi ;;
  esac
  fail 35 LeavingNode 'this instance was told to leave'
}

# Without the lock: it may take minutes, and a leave must get in between.
wait_for_docker() {
  cloud=none
  if command -v cloud-init >/dev/null; then
    cloud=running
    while [ "$cloud" = running ] && has_time; do
      check_fence
      cloud_code=0
      timeout --foreground -k 2 "$(within 10)" cloud-init status --wait >/dev/null 2>&1 3>&- || cloud_code=$?
      case $cloud_code in
      0 | 2) cloud=ended ;; # 2: with errors that it got over
      124 | 137) ;;
      *) cloud=failed ;;
      esac
    done
  fi
  need_tools curl
  until docker_answers; do
    check_fence
    if ! command -v docker >/dev/null; then missing_docker "$cloud"; fi
    if ! has_time; then fail 21 DockerDown 'docker did not answer within the time of the command'; fi
    sleep 1
  done
}

# Where cloud-init is at its end, nothing is left that would install Docker; elsewhere something else may still do so.
missing_docker() { # none|running|ended|failed
  case $1 in
  failed) fail 22 CloudInitFailed 'cloud-init failed, and there is no docker command' ;;
  ended) fail 20 DockerMissing 'cloud-init is done, and there is no docker command' ;;
  *) if ! has_time; then fail 20 DockerMissing 'no docker command appeared within the time of the command'; fi ;;
  esac
}

# --- Parameter Store, with the credentials of the instance's role

json_text() { # KEY JSON
  printf '%s' "$2" | tr -d '\n' | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"
}

# Sets REGION, ENDPOINT, KEY_ID, KEY_SECRET and SESSION. Fails when the instance has no role (yet).
open_parameters() {
  REGION=$(metadata_word meta-data/placement/region) || return 1
  ENDPOINT=${AWS_ENDPOINT_URL_SSM-}
  if [ -z "$ENDPOINT" ]; then
    domain=$(metadata_word meta-data/services/domain) || return 1
    ENDPOINT="https://ssm.$REGION.$domain"
  fi
  role=$(metadata meta-data/iam/security-credentials/) || return 1
  role=$(printf '%s\n' "$role" | sed -n 1p)
  is_word "$role" || return 1
  credentials=$(metadata "meta-data/iam/security-credentials/$role") || return 1
  KEY_ID=$(json_text AccessKeyId "$credentials")
  KEY_SECRET=$(json_text SecretAccessKey "$credentials")
  SESSION=$(json_text Token "$credentials")
  # What goes into curl's configuration must not be able to end a string of it.
  case $KEY_ID$KEY_SECRET$SESSION in
  '' | *[!A-Za-z0-9+/=_-]*) return 1 ;;
  esac
}

# An older curl signs neither the token nor the target, and AWS wants every x-amz-* header signed. What tells no version is tried.
need_signing_curl() {
  need_tools curl sed
  curl_version=$(curl --version 3>&- | sed -n '1s/^curl \([0-9]\{1,4\}\)\.\([0-9]\{1,4\}\).*/\1 \2/p')
  if [ -z "$curl_version" ]; then return 0; fi
  curl_major=${curl_version% *}
  curl_minor=${curl_version#* }
  if [ "$curl_major" -lt 7 ] || { [ "$curl_major" = 7 ] && [ "$curl_minor" -lt 86 ]; }; then
    fail 57 CurlTooOld "curl $curl_major.$curl_minor does not sign as AWS asks for it: 7.86 or later is needed"
  fi
}

# One request, signed by curl. All of it goes through stdin. Sets STATUS (000: no answer) and ANSWER.
parameter_request() { # ACTION BODY
  ANSWER=$({
    printf 'url = "%s/"\nuser = "%s:%s"\n' "$ENDPOINT" "$KEY_ID" "$KEY_SECRET"
    printf 'header = "X-Amz-Security-Token: %s"\n' "$SESSION"
    printf 'header = "X-Amz-Target: AmazonSSM.%s"\nheader = "Content-Type: application/x-amz-json-1.1"\n' "$1"
    printf 'data = "%s"\n' "$(printf '%s' "$2" | sed 's/\\/\\\\/g; s/"/\\"/g')"
  } | curl -q -s --max-time "$(within 10)" --aws-sigv4 "aws:amz:$REGION:ssm" -w '\n%{http_code}' -K - 3>&-) || ANSWER="$NEWLINE"000
  STATUS=${ANSWER##*"$NEWLINE"}
  ANSWER=${ANSWER%"$NEWLINE"*}
}

# Tries again what may pass by itself: throttling (a hundred instances may join at once), AWS's own trouble, a role that is not
# yet known. Fails with PROBLEM set, which never carries a value.
parameters() { # ACTION BODY
  tries=5
  while :; do
    if open_parameters; then
      parameter_request "$1" "$2"
      if [ "$STATUS" = 200 ]; then return 0; fi
      PROBLEM="$1: status $STATUS, $(json_text __type "$ANSWER") $(json_text message "$ANSWER")$(json_text Message "$ANSWER")"
      case $STATUS$ANSWER in
      000* | 5* | *Throttling* | *TooManyUpdates*) ;;
      *) return 1 ;;
      esac
    else
      # shellcheck disable=SC2034 # leave asks for no parameter
      PROBLEM="$1: instance metadata gave no credentials: has the instance a role?"
    fi
    tries=$((tries - 1))
    if [ "$tries" = 0 ] || ! has_time; then return 1; fi
    sleep "$(od -A n -N 2 -t u2 /dev/urandom | awk -v step=$((5 - tries)) '{ printf "%.2f", step * (0.5 + $1 / 65536) }')"
  done
}
