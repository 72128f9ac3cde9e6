// Commands of a lab that runs none of them itself: each node has an agent, which asks for them over HTTP, as the SSM agent does.
import { describe, expect, it } from '@jest/globals';

import type { Exchange } from '../../lab/aws/endpoint.ts';
import { play } from '../../lab/scenario/play.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { LabProcess } from './support/lab-process.ts';
import { host } from './support/traces.ts';

const SCENARIO = `
name: an agent on each node
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 0 }
steps:
  - settle: 3m
  - scale: { group: workers, to: 1 }
  - settle: 3m
  - expect:
      - nodes: { count: 2, ready: 2, labelled: 2 }
  - scale: { group: workers, to: 0 }
  - settle: 3m
expect:
  - nodes: { count: 1, ready: 1 }
  - hooks: { open: 0, abandoned: 0, timedOut: 0 }
`;

describe('agents that run on docker nodes', () => {
  const before = host();

  it("the lab's own one founds, joins, drains and leaves, all of it over ec2messages, and leaves nothing behind", async () => {
    const exchanges: Exchange[] = [];
    const run = await ScenarioRun.open(parseScenario(SCENARIO, 'agent'), {
      nodes: 'docker',
      agent: 'own',
      onExchange: (exchange) => exchanges.push(exchange),
    });
    try {
      await play(run);
      const { expectations, denied } = await run.result();
      expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
      expect(denied).toEqual([]);

      const inputsOf = (service: string, operation: string): Record<string, unknown>[] =>
        exchanges.filter((one) => one.service === service && one.operation === operation).map(({ input }) => input);
      const instances = [...run.lab.ec2.instances.keys()].toSorted();
      expect(instances).toHaveLength(2);
      const told = inputsOf('ssm', 'UpdateInstanceInformation').map(({ InstanceId }) => String(InstanceId));
      expect(told.toSorted()).toEqual(instances);
      const asked = inputsOf('ec2messages', 'GetMessages').map(({ Destination }) => String(Destination));
      expect([...new Set(asked)].toSorted()).toEqual(instances);
      // Each command was taken by its agent, and its end was told by it.
      const commands = [...run.lab.runCommand.commands];
      expect(new Set(commands.map(({ verb }) => verb))).toEqual(
        new Set(['init', 'join', 'confirm', 'drain', 'leave', 'forget']),
      );
      for (const operation of ['AcknowledgeMessage', 'SendReply']) {
        const meant = inputsOf('ec2messages', operation).map(({ MessageId }) => String(MessageId));
        const of = [...new Set(meant)].map((id) => id.slice(id.lastIndexOf('.') + 1));
        expect(of.toSorted()).toEqual(commands.map(({ instanceId }) => instanceId).toSorted());
      }
    } finally {
      await run.close();
    }
    expect(host()).toBe(before);
  });

  it('a brought one that is not there is refused before anything is started, and so is one for simulated nodes', async () => {
    const example = 'examples/scale-out-in/scenario.yaml';
    const missing = new LabProcess('run', example, '--nodes', 'docker', '--agent', '/nowhere/amazon-ssm-agent');
    expect(await missing.end()).toBe(1);
    expect(missing.stderr).toContain('/nowhere/amazon-ssm-agent is not there');

    const simulated = new LabProcess('run', example, '--agent', 'own');
    expect(await simulated.end()).toBe(1);
    expect(simulated.stderr).toContain('--agent is for docker nodes');
  });
});
