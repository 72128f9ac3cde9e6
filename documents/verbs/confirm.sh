# confirm: labels a node that has joined and makes it available, in one update, so that no task lands on an unlabelled node.
# Runs on any manager. Comes after common.sh and node.sh.

lock -s 5
need_tools sed grep awk sort paste
need_own_manager

# Ready is said of the worker in it: a manager is also in the raft, and the others reach it there.
is_ready() {
  [ "$FOUND_STATE" = ready ] || return 1
  case ,$SSM_labels, in
  *,skep.role=manager,*) [ "${FOUND_MEMBER%@*}" = reachable ] ;;
  esac
}

# What joined as a worker is none of the managers, whatever its instance says of itself: the raft knows.
refuse_other_role() {
  case ,$SSM_labels, in
  *,skep.role=manager,*) ;;
  *) if [ "$FOUND_ROLE" != worker ] || [ -n "$FOUND_MEMBER" ]; then
    fail 25 WrongInstance "node $FOUND_ID is a manager, and $SSM_instanceId was launched as a worker"
  fi ;;
  esac
}

# The instance has said which node it is: that is true of a node whose engine speaks from an address of the instance's, as EC2 has them.
# One that bears its label was found to be its own when it got that.
refuse_other_address() {
  if [ "$SSM_addresses" = none ] || has_label skep.instance "$SSM_instanceId"; then return 0; fi
  see_address
  case ,$SSM_addresses, in
  *",$SEEN,"*) ;;
  *) fail 58 OtherAddress "the managers see node $FOUND_ID at $SEEN, which EC2 does not have for $SSM_instanceId" ;;
  esac
}

# The label of the instance is there since the node was confirmed for the first time: an instance that comes back from standby, or whose event
# comes twice, may have been drained or paused by a person since, and that stays. So does that of a node that is taken in with its swarm.
wanted_availability() {
  if [ "$SSM_availability" = keep ] || has_label skep.instance "$SSM_instanceId"; then printf '%s' "$FOUND_AVAILABILITY"; else printf '%s' "$SSM_availability"; fi
}

# Workers have nothing to lock: they go on.
case ,$SSM_labels, in
*,skep.role=manager,*) refuse_autolock ;;
esac

patience=10
conflicts=5
while :; do
  if ! read_node "$SSM_nodeId"; then fail 43 UnknownNode "no manager knows node $SSM_nodeId"; fi
  check_label "$SSM_instanceId"
  refuse_other_role
  if has_label skep.leaving true; then fail 35 LeavingNode "node $SSM_nodeId is marked as leaving"; fi
  if ! is_ready; then
    if [ "$patience" = 0 ]; then fail 42 NotReady "node $SSM_nodeId is $FOUND_STATE, in the raft: $FOUND_MEMBER"; fi
    patience=$((patience - 1))
    sleep 0.5
    continue
  fi
  refuse_other_address
  if update_node "$(wanted_availability)" "$SSM_labels,skep.instance=$SSM_instanceId"; then
    finish "{\"nodeId\":\"$SSM_nodeId\",\"status\":\"$FOUND_STATE\"$(managers_told)}"
  else
    conflicts=$((conflicts - 1))
    if [ "$conflicts" = 0 ]; then fail 46 UpdateConflict "others kept updating node $SSM_nodeId"; fi
    sleep 0.2
  fi
done
