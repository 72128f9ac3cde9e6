// availability, on a simulated machine: what documents/verbs/availability.sh does, step by step.
import type { NodeSpec } from '../../../swarm/raft/node-record.ts';
import { begin, checkLabel, managersTold, readNode, updateNode } from './node.ts';
import type { Script } from './script.ts';
import { INSTANCE_LABEL, LEAVING_LABEL } from '../../../../src/core/labels.ts';

const CONFLICTS = 5;
const LOOK_EVERY = 200;

export async function availability(script: Script): Promise<Record<string, unknown>> {
  await begin(script);
  const [nodeId, instance] = [script.param('nodeId'), script.param('instanceId')];
  const wanted = script.param('availability') as NodeSpec['availability'];
  for (let conflicts = CONFLICTS; ; conflicts -= 1) {
    const node = await readNode(script, nodeId);
    if (node === undefined) {
      script.fail('UnknownNode', `no manager knows node ${nodeId}`);
    }
    checkLabel(script, node);
    if (node.labels[INSTANCE_LABEL] !== instance) {
      script.fail('WrongInstance', `node ${nodeId} is not labelled as ${instance}`);
    }
    if (node.labels[LEAVING_LABEL] === 'true') {
      script.fail('LeavingNode', `node ${nodeId} is marked as leaving`);
    }
    if (await updateNode(script, node, wanted, {})) {
      return { nodeId, was: node.availability, availability: wanted, ...(await managersTold(script)) };
    }
    if (conflicts === 1) {
      script.fail('UpdateConflict', `others kept updating node ${nodeId}`);
    }
    await script.sleep(LOOK_EVERY);
  }
}
