// What stays on record of managers that came half-way: moments that a test on real engines cannot hit.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Clock } from '../../../lab/time/clock.ts';
import { SimulatedMachines } from '../../../lab/nodes/simulated/simulated-machines.ts';
import { seededRandom } from '../../../lab/time/random.ts';

const nowhere = { metadata: () => Promise.reject(new Error('none')), aws: () => Promise.reject(new Error('none')) };

describe('a manager that dies while it joins', () => {
  let clock: Clock;
  let machines: SimulatedMachines;
  let addresses: string[];
  let token: string;

  const after = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    const ending = work.finally(() => {
      over = true;
    });
    ending.catch(() => undefined);
    await clock.until(() => over, 120_000);
    return ending;
  };
  const docker = async (on: number, line: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await after(machines.docker(`i-${on}`, line.split(' ')));
    return `${exitCode}: ${(stderr || stdout).trim()}`;
  };
  const others = async (): Promise<unknown[]> => {
    const { nodes } = await after(machines.view('i-0'));
    return nodes.filter(({ reachability }) => reachability !== 'leader').map(({ role, status }) => `${role} ${status}`);
  };

  beforeEach(async () => {
    clock = new Clock({ virtual: true, start: 0 });
    machines = new SimulatedMachines(clock, seededRandom(7), nowhere);
    const launching = ['i-0', 'i-1'].map((instanceId) => machines.launch({ instanceId, zone: 'a', dockerAfter: 0 }));
    addresses = (await Promise.all(launching)).map(({ privateIp }) => privateIp);
    await clock.advance(5000);
    await docker(0, `swarm init --advertise-addr ${addresses[0] ?? ''}`);
    token = (await docker(0, 'swarm join-token -q manager')).slice(3);
  });

  afterEach(() => {
    clock.stop();
  });

  it('leaves a node that is Ready for a while and no member of raft, and can be removed when it is Down', async () => {
    void machines.docker('i-1', ['swarm', 'join', '--token', token, `${addresses[0] ?? ''}:2377`]);
    await clock.advance(500);
    await machines.terminate('i-1');
    expect(await others()).toEqual(['manager ready']);
    const { nodes } = await after(machines.view('i-0'));
    const ghost = nodes.find(({ reachability }) => reachability === undefined)?.nodeId ?? '';
    expect(await docker(0, `node demote ${ghost}`)).toContain("can't find manager in raft memberlist");
    await clock.advance(20_000);
    expect(await others()).toEqual(['manager down']);
    expect(await docker(0, `node rm ${ghost}`)).toBe(`0: ${ghost}`);
  });

  it('leaves nothing but a record that is never Ready, when it dies before its agent is at work', async () => {
    void machines.docker('i-1', ['swarm', 'join', '--token', token, `${addresses[0] ?? ''}:2377`]);
    await clock.advance(100);
    await machines.terminate('i-1');
    await clock.advance(60_000);
    expect(await others()).toEqual(['manager unknown']);
  });

  it('takes the quorum with it when it is a member already', async () => {
    await docker(1, `swarm join --token ${token} ${addresses[0] ?? ''}:2377`);
    expect(await others()).toEqual(['manager ready']);
    await machines.terminate('i-1');
    await clock.advance(60_000);
    expect(await docker(0, 'node ls -q')).toContain('The swarm does not have a leader');
  });
});
