// Groups to try, on a virtual clock.
import { Clock } from '../../../../lab/time/clock.ts';
import type { Machines } from '../../../../lab/nodes/machines.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import { AutoScaling } from '../../../../lab/aws/services/auto-scaling.ts';
import type { Group, Hook } from '../../../../lab/aws/services/group.ts';
import type { OpenAction } from '../../../../lab/aws/services/passages.ts';
import { Ec2 } from '../../../../lab/aws/services/ec2.ts';

export const SECOND = 1000;
export const LAUNCHING = 'autoscaling:EC2_INSTANCE_LAUNCHING';
export const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';

export const hook = (transition: Hook['transition'], changes: Partial<Hook> = {}): Hook => ({
  name: transition === LAUNCHING ? 'launch' : 'terminate',
  transition,
  heartbeatTimeout: 300,
  defaultResult: 'CONTINUE',
  metadata: undefined,
  ...changes,
});

interface Event {
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Groups on machines that are up at once and do nothing. */
export function groups() {
  const clock = new Clock({ virtual: true, start: 0 });
  const random = seededRandom(7);
  let address = 0;
  const nothing = (): Promise<void> => Promise.resolve();
  const machines: Machines = {
    kind: 'simulated',
    open: nothing,
    close: nothing,
    terminate: nothing,
    createService: nothing,
    load: nothing,
    launch: () => Promise.resolve({ privateIp: `10.0.0.${(address += 1)}` }),
    run: () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '', timedOut: false }),
    view: () => Promise.resolve({ nodes: [], tasks: [] }),
    nodes: () => Promise.resolve([]),
    docker: () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '', timedOut: false }),
    epoch: () => Promise.resolve(''),
    killEngine: nothing,
    startEngine: nothing,
    cut: nothing,
    heal: nothing,
    reboot: nothing,
    stop: nothing,
    start: nothing,
  };
  const ec2 = new Ec2({ clock, random, machines, onDefect: () => undefined });
  const events: Event[] = [];
  const autoScaling = new AutoScaling({
    clock,
    random,
    ec2,
    healthCheckEvery: 60_000,
    emit: (event) => events.push(event),
    onMember: () => undefined,
  });
  ec2.onState = ({ instanceId, state }) => {
    if (state === 'running') {
      autoScaling.started(instanceId);
    } else if (state === 'stopped') {
      autoScaling.stopped(instanceId);
    }
  };
  const create = async (desired: number, hooks: Hook[] = [], changes: Partial<Group> = {}): Promise<Group> => {
    const group = autoScaling.createGroup(
      {
        name: 'workers',
        tags: {},
        zones: ['a', 'b'],
        retain: false,
        machine: { dockerAfter: 0, agentAfter: 0 },
        ...changes,
      },
      0,
    );
    for (const one of hooks) {
      group.hooks.set(one.transition, one);
    }
    autoScaling.setDesired('workers', desired);
    await clock.advance(1);
    return group;
  };
  const states = (group: Group): string[] => [...group.members.values()].map(({ lifecycle }) => lifecycle);
  const open = (): OpenAction => {
    const [action] = autoScaling.actions.values();
    if (action === undefined) {
      throw new Error('no lifecycle action is open');
    }
    return action;
  };
  return { clock, ec2, autoScaling, events, create, states, open };
}
