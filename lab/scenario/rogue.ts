// The step of a scenario in which an instance becomes a rogue: from now on its agent answers as the scenario says.
import { NotToBeHad } from '../nodes/machines.ts';
import type { Rogue } from '../aws/services/rogue.ts';
import { member } from './disturbances.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';

type RogueStep = Extract<PlainStep, { readonly rogue: unknown }>['rogue'];

export function makeRogue(run: ScenarioRun, step: RogueStep): void {
  if (run.lab.machines.agents !== undefined) {
    throw new NotToBeHad('a rogue is an agent that the lab plays: without --agent');
  }
  const { group, who, document, times = Infinity } = step;
  run.say(`${who} of ${group} answers ${document ?? 'every document'} as a rogue`);
  const { commentOf, ...answers } = step.answers;
  const rogue: Rogue = {
    isMeant: meant(run, group, who),
    verb: document,
    answers: {
      ...answers,
      commentOf: commentOf === undefined ? undefined : () => lastComment(run, member(run, commentOf).instanceId),
    },
    fillIn: (text) => fillIn(run, text),
    times,
  };
  // The last word counts: an instance may be made to answer otherwise later.
  run.lab.runCommand.rogues.all.unshift(rogue);
  if (times !== Infinity) {
    run.arm(run.lab.runCommand.rogues.all, rogue, () => rogue.times < times);
  }
}

function meant(run: ScenarioRun, name: string, who: RogueStep['who']): Rogue['isMeant'] {
  const members = (): ReadonlySet<string> => new Set(run.lab.autoScaling.group(name).members.keys());
  if (who === 'all') {
    return (id) => members().has(id);
  }
  if (who !== 'next') {
    const { instanceId } = member(run, name, who === 'youngest');
    return (id) => id === instanceId;
  }
  const before = members();
  let next: string | undefined;
  return (id) => {
    next ??= [...members()].find((one) => !before.has(one));
    return id === next;
  };
}

/** Of the last command to that instance. */
function lastComment({ lab }: ScenarioRun, instanceId: string): string | undefined {
  return [...lab.runCommand.commands].findLast((command) => command.instanceId === instanceId)?.comment;
}

/**
 * `$node:GROUP` is the node id of the oldest instance of that group, `$node:GROUP:youngest` of the youngest, `$instance:GROUP` the
 * instance's own, `$address:GROUP` its address. By the address, since a node that has just joined has no label.
 */
async function fillIn(run: ScenarioRun, text: string): Promise<string> {
  const wanted = [...text.matchAll(/\$(node|instance|address):([A-Za-z][A-Za-z0-9-]*)(:youngest)?/g)];
  let filled = text;
  for (const [whole, what, group = '', youngest] of wanted) {
    const { instanceId } = member(run, group, youngest !== undefined);
    filled = filled.replace(whole, what === 'instance' ? instanceId : await known(run, instanceId, what === 'node'));
  }
  return filled;
}

async function known({ lab, scenario }: ScenarioRun, instanceId: string, asNode: boolean): Promise<string> {
  const address = lab.ec2.instances.get(instanceId)?.privateIp ?? '';
  if (!asNode) {
    return address;
  }
  const { nodes = [] } = (await lab.view(scenario.cluster)) ?? {};
  return nodes.find((node) => node.address === address)?.nodeId ?? 'none';
}
