// Why one instance is where it is: the cause first, and then what each source says. If you ask, somebody waits for you.
import { hookProblems } from '../lifecycle/hooks.ts';
import type { HookFacts } from '../lifecycle/hooks.ts';
import { standings } from '../lifecycle/standing.ts';
import type { StandingFacts } from '../lifecycle/standing.ts';
import type { Hold } from '../model.ts';
import { nodeRole } from '../names.ts';
import { timeText } from './time-text.ts';

export interface WhyFacts {
  readonly instance: string;
  readonly stage: string;
  /** EC2's state; undefined where it does not show the instance. */
  readonly ec2: string | undefined;
  /** As Auto Scaling has it; undefined where it is in no group. */
  readonly group:
    | {
        readonly name: string;
        readonly cluster: string | undefined;
        readonly role: string | undefined;
        readonly lifecycle: string;
        readonly zone: string;
        readonly hooks: readonly HookFacts[];
      }
    | undefined;
  /** By the group's tag, or by the table where it is in no group. */
  readonly cluster: string | undefined;
  readonly declared: readonly string[];
  readonly hold: Hold | undefined;
  /** The last event of its group that was refused. */
  readonly refused: { readonly because: string; readonly at: number } | undefined;
  readonly node:
    | (StandingFacts['known'][number] & {
        /** The step that it waits for, and how often its command was sent. */
        readonly step?: string | undefined;
        readonly try?: number | undefined;
        readonly sentAt?: number | undefined;
        readonly target?: string | undefined;
      })
    | undefined;
  /** The execution that owns the node. */
  readonly execution:
    { readonly status: string; readonly since: number; readonly error?: string; readonly cause?: string } | undefined;
  /** What SSM says of its agent. */
  readonly agent: 'online' | 'lost' | 'never' | undefined;
  /** The cluster's last launch that failed, and its last instance that was ended by force. */
  readonly failed: { readonly instance: string; readonly error: string; readonly at: number } | undefined;
  readonly forced: { readonly instance: string; readonly at: number } | undefined;
  /** Epoch seconds. */
  readonly now: number;
}

export interface Explanation {
  readonly cause: string;
  readonly next: string;
  /** In the order of the way from AWS to the swarm. */
  readonly story: readonly string[];
}

type Answer = Pick<Explanation, 'cause' | 'next'>;

export function whyOf(facts: WhyFacts): Explanation {
  const answer = ANSWERS.map((one) => one(facts)).find((one) => one !== undefined) ?? standing(facts);
  return { ...answer, story: storyOf(facts) };
}

/** The first that knows a cause: from what keeps skep from ever hearing of the instance to what a step of it waits for. */
const ANSWERS: readonly ((facts: WhyFacts) => Answer | undefined)[] = [
  nobodysInstance,
  noCluster,
  undeclared,
  ofForeignSwarm,
  ended,
  hookMissing,
  refusedEvent,
  held,
  unheard,
  agentAway,
  stepUnderWay,
];

function nobodysInstance({ instance, ec2, group, node }: WhyFacts): Answer | undefined {
  return ec2 === undefined && group === undefined && node === undefined
    ? { cause: `neither AWS nor skep knows ${instance}`, next: 'check the id, the region and the account' }
    : undefined;
}

function noCluster({ group, cluster }: WhyFacts): Answer | undefined {
  if (cluster !== undefined) {
    return undefined;
  }
  return group === undefined
    ? {
        cause: 'it is in no Auto Scaling group, and no cluster of this stage knows it',
        next: 'nothing: skep leaves it alone',
      }
    : {
        cause: `its group ${group.name} has no tag skep:cluster`,
        next: 'tag the group with skep:cluster and skep:role, and give it the hooks of skep',
      };
}

function undeclared({ cluster, declared, group }: WhyFacts): Answer | undefined {
  return cluster === undefined || declared.includes(cluster)
    ? undefined
    : {
        cause: `its group ${group?.name ?? ''} is tagged with cluster ${cluster}, which nobody has declared in this stage`,
        next: `skep create ${cluster}, if it is really new; or mend the tag`,
      };
}

function ofForeignSwarm({ node }: WhyFacts): Answer | undefined {
  return node?.foreignSwarm === undefined
    ? undefined
    : {
        cause: `its engine is in a swarm that is not the cluster's: ${node.foreignSwarm.because}`,
        next: 'take that swarm in (skep adopt), or let it leave (docker swarm leave), and a tidy joins it within a day',
      };
}

/** What is over is told by its end. */
function ended({ instance, failed, forced, group, execution }: WhyFacts): Answer | undefined {
  if (group?.lifecycle === 'InService') {
    return undefined;
  }
  if (failed?.instance === instance) {
    return {
      cause: `its launch failed at ${timeText(failed.at)} with ${failed.error}${behind(execution?.cause)}`,
      next: `docs/errors.md says what ${failed.error} means, and what to do`,
    };
  }
  return forced?.instance === instance
    ? {
        cause: `its hook ended at ${timeText(forced.at)} without a drain`,
        next: 'look at its tasks, and at docs/errors.md, ForcedCompletion',
      }
    : undefined;
}

/** The error of an execution says what became of the launch, and its cause why. */
const behind = (cause: string | undefined): string => (cause === undefined || cause === '' ? '' : `: ${cause}`);

function hookMissing({ stage, cluster, group }: WhyFacts): Answer | undefined {
  const role = nodeRole.safeParse(group?.role).data;
  if (group === undefined || cluster === undefined || role === undefined) {
    return undefined;
  }
  const [problem] = hookProblems(stage, cluster, { name: group.name, role, hooks: group.hooks });
  return problem === undefined
    ? undefined
    : {
        cause: `its group ${group.name}: ${problem.because}`,
        next: `skep tidy ${cluster} --repair-hooks makes it anew`,
      };
}

function refusedEvent({ node, refused, group }: WhyFacts): Answer | undefined {
  const known = node !== undefined && node.phase !== 'gone';
  return known || refused === undefined
    ? undefined
    : {
        cause: `an event of its group ${group?.name ?? ''} was refused at ${timeText(refused.at)}: ${refused.because}`,
        next: 'mend the tags of the group or the metadata of its hooks: the next tidy joins what is in service',
      };
}

function held({ hold, cluster, node }: WhyFacts): Answer | undefined {
  return hold === undefined || node?.phase === 'ready'
    ? undefined
    : {
        cause: `cluster ${cluster ?? ''} is held since ${timeText(hold.since)}${hold.because === '' ? '' : `: ${hold.because}`}`,
        next: `skep unhold ${cluster ?? ''}`,
      };
}

/** Its hook is open, nothing holds it up, and nothing is known of it. */
function unheard({ node, group }: WhyFacts): Answer | undefined {
  const known = node !== undefined && node.phase !== 'gone';
  return known || group?.lifecycle !== 'Pending:Wait'
    ? undefined
    : {
        cause: 'the event of its launch has not come: its launch hook is open, and no execution has claimed it',
        next: 'wait a minute, since it may have come just now; then skep tidy, or the next tidy by itself, starts its execution',
      };
}

function agentAway({ agent, node, instance, ec2 }: WhyFacts): Answer | undefined {
  const waits = node !== undefined && ON_ITS_WAY.has(node.phase) && ec2 === 'running';
  if (!waits || agent === undefined || agent === 'online') {
    return undefined;
  }
  return agent === 'never'
    ? {
        cause: `the SSM agent of ${instance} has never registered`,
        next: 'look for the agent in its image, for AmazonSSMManagedInstanceCore in its role, and for a way to SSM in its subnet',
      }
    : {
        cause: `the SSM agent of ${instance} does not answer any more`,
        next: 'nothing at first: its commands wait for it until the action ends. Then look at the instance',
      };
}

const ON_ITS_WAY: ReadonlySet<string> = new Set(['launching', 'joining', 'joined', 'leaving']);

function stepUnderWay({ node, execution, instance, now }: WhyFacts): Answer | undefined {
  if (node === undefined || execution === undefined || !ON_ITS_WAY.has(node.phase)) {
    return undefined;
  }
  return execution.status === 'RUNNING' ? ofStep(node, instance, now) : ofEnd(execution);
}

function ofEnd({ status, error, cause }: NonNullable<WhyFacts['execution']>): Answer {
  const how = [status, error].filter((part) => part !== undefined).join(': ');
  return {
    cause: `its execution ended (${how})${cause === undefined ? '' : `: ${cause}`}`,
    next: 'the next tidy goes on with it',
  };
}

function ofStep(
  { step, try: tries = 1, sentAt, target }: NonNullable<WhyFacts['node']>,
  instance: string,
  now: number,
): Answer {
  if (step === undefined) {
    return { cause: 'its execution is at work, and has sent no command yet', next: 'wait' };
  }
  const where = target === undefined || target === instance ? '' : `, asked of ${target}`;
  const since = sentAt === undefined ? '' : ` for ${Math.max(0, now - sentAt)} s`;
  const needs = STEP_NEEDS[step.split('-')[0] ?? step];
  return {
    cause: `it waits${since} for ${step} (command ${tries}${where})${needs === undefined ? '' : `: ${needs}`}`,
    next: 'wait: it is tried again until the action ends',
  };
}

/** What has to be there before the command of a step ends: a step that takes long lacks it. */
const STEP_NEEDS: Readonly<Partial<Record<string, string>>> = {
  Found: 'its Docker has to be up',
  Join: 'its Docker has to be up, and to reach a manager on port 2377',
  Lock: 'another manager joins or leaves, and one goes after the other',
  Confirm: 'a manager has to answer, and the swarm to have a leader',
  Demote: 'the managers that stay have to be a majority without it',
  Drain: 'its tasks have to stop, and their services to have room elsewhere',
  DrainRest: 'its tasks have to stop, and their services to have room elsewhere',
  HandOver: 'its services have to run elsewhere first',
  Forget: 'a manager has to answer, and the swarm to have a leader',
};

function standing({ instance, ec2, group, node, now }: WhyFacts): Answer {
  const [one] = standings({
    groups:
      group === undefined
        ? []
        : [
            {
              name: group.name,
              role: group.role,
              instances: [{ instance, lifecycle: group.lifecycle, zone: group.zone }],
            },
          ],
    known: node === undefined ? [] : [node],
    states: new Map(ec2 === undefined ? [] : [[instance, ec2]]),
    now,
  });
  return one === undefined
    ? { cause: 'it is gone', next: 'nothing' }
    : { cause: one.why, next: one.settled ? 'nothing' : 'skep plan shows what the next tidy would do' };
}

function storyOf({ instance, ec2, group, cluster, node, execution, agent, hold }: WhyFacts): string[] {
  return [
    `EC2: ${instance} is ${ec2 ?? 'not shown'}`,
    group === undefined
      ? 'Auto Scaling: in no group'
      : `Auto Scaling: ${group.lifecycle} in group ${group.name} (${group.role ?? 'no role'}), zone ${group.zone}`,
    `cluster: ${cluster ?? 'none'}${hold === undefined ? '' : `, held since ${timeText(hold.since)}`}`,
    `SSM agent: ${agent ?? 'not asked'}`,
    ...nodeStory(node, execution),
  ];
}

function nodeStory(node: WhyFacts['node'], execution: WhyFacts['execution']): string[] {
  if (node === undefined) {
    return ['skep: knows no node of it'];
  }
  const { role, phase, nodeId = 'not known yet', step, try: tries = 1, ownerArn } = node;
  const last = step === undefined ? '' : `, last step ${step} (command ${tries})`;
  return [
    `skep: ${role} ${phase}, node ${nodeId}${last}`,
    ...(execution === undefined
      ? []
      : [`execution: ${execution.status} since ${timeText(execution.since)}, ${ownerArn}`]),
  ];
}
