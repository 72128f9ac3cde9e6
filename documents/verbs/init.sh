# init: founds the swarm of a cluster on this instance, and publishes its join tokens.
# Comes after common.sh, machine.sh, identity.sh tokens.sh and publish.sh.

# The networks that this instance has routes to, and its VPC's where metadata tells them, one CIDR per line.
networks() {
  awk 'function byte(hex) { return (index("0123456789ABCDEF", substr(hex, 1, 1)) - 1) * 16 + index("0123456789ABCDEF", substr(hex, 2, 1)) - 1 }
    function ones(value, count) { for (count = 0; value > 0; value = int(value / 2)) count += value % 2; return count }
    NR > 1 && $8 != "00000000" {
      # The kernel prints both numbers with their bytes reversed.
      bits = ones(byte(substr($8, 1, 2))) + ones(byte(substr($8, 3, 2))) + ones(byte(substr($8, 5, 2))) + ones(byte(substr($8, 7, 2)))
      printf "%d.%d.%d.%d/%d\n", byte(substr($2, 7, 2)), byte(substr($2, 5, 2)), byte(substr($2, 3, 2)), byte(substr($2, 1, 2)), bits
    }' /proc/net/route
  if card=$(metadata_word meta-data/mac); then
    metadata "meta-data/network/interfaces/macs/$card/vpc-ipv4-cidr-blocks" || :
  fi
}

# Prints those of the networks on stdin that overlap with the pool.
overlaps() { # CIDR
  awk -v pool="$1" 'function number(cidr, part) { split(cidr, part, /[.\/]/); return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4] }
    function size(cidr, part) { split(cidr, part, "/"); return part[2] }
    NF { bits = size($1) < size(pool) ? size($1) : size(pool)
      if (int(number($1) / 2 ^ (32 - bits)) == int(number(pool) / 2 ^ (32 - bits))) print $1 }'
}

found() {
  taken=$(networks | overlaps "$SSM_addressPool" | sort -u | paste -s -d ' ' -)
  # Docker accepts it, and then answers to some addresses of the network never arrive. It cannot be changed afterwards.
  if [ -n "$taken" ]; then fail 36 AddressPoolOverlap "the address pool $SSM_addressPool overlaps $taken"; fi
  api POST /swarm/init 40 "$(printf '{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"%s","DataPathAddr":"%s","DataPathPort":%d,"DefaultAddrPool":["%s"],"SubnetSize":%d,"ForceNewCluster":false,"Availability":"drain","Spec":{"EncryptionConfig":{"AutoLockManagers":false}}}' \
    "$OWN_ADDRESS" "$OWN_ADDRESS" "$SSM_dataPathPort" "$SSM_addressPool" "$SSM_subnetSize")"
  if [ "$STATUS" != 200 ]; then fail 37 InitFailed "$(complaint)"; fi
}

# Prints those of the subnets on stdin that do not lie in the pool.
outside() { # CIDR
  awk -v pool="$1" 'function number(cidr, part) { split(cidr, part, /[.\/]/); return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4] }
    function size(cidr, part) { split(cidr, part, "/"); return part[2] }
    length($0) < 20 && /^[0-9.]+\/[0-9]+$/ && (size($1) < size(pool) || int(number($1) / 2 ^ (32 - size(pool))) != int(number(pool) / 2 ^ (32 - size(pool))))'
}

# The subnets of the network that every swarm has, which comes a moment after the founding. Some versions of Docker make it
# elsewhere than in the pool that they were given.
ingress_subnets() {
  patience=$(($(now) + 10))
  until dk 10 network inspect --format "${O}range .IPAM.Config$C${O}println .Subnet$C${O}end$C" ingress 2>/dev/null; do
    # Somebody may have removed it: then there is nothing to compare.
    if [ "$FOUNDED" = false ] || [ "$(now)" -ge "$patience" ] || ! has_time; then return 0; fi
    sleep 0.5
  done
}

# Prints what cannot be changed any more of this swarm, and is not as the cluster wants it.
differences() { # POOLS SIZE PORT AUTOLOCK
  if [ "$1" != "$SSM_addressPool" ]; then echo "address pool $1, not $SSM_addressPool"; fi
  if [ "$2" != "$SSM_subnetSize" ]; then echo "subnet size $2, not $SSM_subnetSize"; fi
  if [ "$3" != "$SSM_dataPathPort" ]; then echo "data path port $3, not $SSM_dataPathPort"; fi
  if [ "$4" != false ]; then echo 'autolock on, not off'; fi
  ingress_subnets | outside "$SSM_addressPool" | awk -v pool="$SSM_addressPool" '{ print "ingress network " $0 ", not in " pool }'
}

# Before anything is published: as long as nobody can join, somebody can still decide otherwise. Sets DIFFERS, a member of the result.
check_options() {
  options_format="${O}range .DefaultAddrPool$C ${O}.$C${O}end$C|${O}.SubnetSize$C|${O}.DataPathPort$C|${O}.Spec.EncryptionConfig.AutoLockManagers$C"
  options=$(dk 10 info --format "${O}with .Swarm.Cluster$C$options_format${O}end$C" 2>/dev/null) ||
    fail 21 DockerDown 'docker info did not answer'
  if printf '%s\n' "$options" | grep -Evqx '( [0-9A-Fa-f.:/]{1,50}){0,20}\|[0-9]{1,5}\|[0-9]{1,5}\|(true|false)'; then
    fail 50 DockerFailed 'docker info does not say with what the swarm was founded'
  fi
  IFS='|' read -r swarm_pools swarm_size swarm_port swarm_locks <<END
$options
END
  differing=$(differences "${swarm_pools# }" "$swarm_size" "$swarm_port" "$swarm_locks" | awk 'NR > 1 { printf "; " } { printf "%s", $0 }' | cut -c 1-1000)
  DIFFERS=''
  if [ "$SSM_swarmId" = none ]; then refuse_autolock; fi
  if [ -z "$differing" ]; then return 0; fi
  if [ "$SSM_swarmId" = none ]; then fail 39 FoundedOtherwise "the swarm $SWARM_ID has $differing"; fi
  DIFFERS=",\"differs\":\"$differing\""
}

begin_alone sed grep awk od paste sha256sum cut
check_own_epoch
FOUNDED=false
case $NODE_STATE in
inactive)
  # A cluster is founded once: an engine that lost its swarm must not found it again, with tokens that overwrite the true ones.
  if [ "$SSM_swarmId" != none ]; then fail 33 ForeignSwarm "the cluster was founded as swarm $SSM_swarmId, and this engine is in none"; fi
  # Before it is founded, since it may die right after: an engine in no swarm is not asked for its epoch.
  remember_epoch "$SSM_epoch"
  found
  FOUNDED=true
  while read_swarm 10 && has_time && { [ "$NODE_STATE" != active ] || [ -z "$SWARM_ID" ]; }; do sleep 1; done
  ;;
active) ;;
*) fail 34 NotActive "state $NODE_STATE: $SWARM_ERROR" ;;
esac
# Founded before, by this very document: an answer was lost, and it only tells again what it did.
if [ "$IS_MANAGER" != true ] || [ "$NODE_ADDRESS" != "$OWN_ADDRESS" ]; then
  fail 33 ForeignSwarm "the engine is node $NODE_ID at $NODE_ADDRESS of a swarm that was not founded on $OWN_ADDRESS"
fi
if [ -n "$SWARM_ERROR" ] || [ -z "$SWARM_ID" ]; then fail 41 NoLeader "$SWARM_ERROR"; fi
if [ "$SSM_swarmId" != none ] && [ "$SSM_swarmId" != "$SWARM_ID" ]; then
  fail 33 ForeignSwarm "the cluster was founded as swarm $SSM_swarmId, and this engine leads $SWARM_ID"
fi
check_options

publish_tokens
finish "$(printf '{"nodeId":"%s","swarmId":"%s","caDigest":"%s","address":"%s:2377","zone":"%s","engine":"%s","founded":%s,"worker":"%s","manager":"%s"%s%s}' \
  "$NODE_ID" "$SWARM_ID" "$ca_digest" "$OWN_ADDRESS" "$ZONE" "$ENGINE" "$FOUNDED" \
  "$(digest_of "$worker_token")" "$(digest_of "$manager_token")" "$CLEARED" "$DIFFERS")"
