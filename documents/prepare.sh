# prepare: waits until this instance is ready to join, so that the join takes seconds: under the cluster's membership lock others
# wait for it. Comes after common.sh, machine.sh and identity.sh.
if [ -z "${SSM_instanceId+x}" ]; then SSM_instanceId='{{ instanceId }}'; fi

check_expiry
check_fence
wait_for_docker
# What the join needs, too: better missed here than there.
need_tools openssl sed grep awk od
check_instance "$SSM_instanceId"
lock -x 60
check_fence

# A manager's engine that has just started, or one that was copied, looks for a leader first, and answers after up to 20 s.
if ! read_swarm 25; then fail 21 DockerDown 'docker info did not answer'; fi
clear_copy
check_own_epoch
finish "$(printf '{"address":"%s:2377","zone":"%s","engine":"%s"%s}' "$OWN_ADDRESS" "$ZONE" "$ENGINE" "$CLEARED")"
