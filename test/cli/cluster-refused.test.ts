// What cannot be: one clear line each, and nothing half-made without being told.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { EmptyLab, EXAMPLE } from '../support/cluster-command.ts';

const LONG = 240_000;

let lab: EmptyLab;
beforeAll(async () => {
  lab = await EmptyLab.open();
}, LONG);
afterAll(async () => {
  await lab.close();
});

const GIVEN = `cluster: lost
network: { given: { vpc: vpc-0123456789abcdef0, cidrs: [10.0.0.0/16], subnets: [subnet-0123456789abcdef0] } }
image: ami-0123456789abcdef0
groups: { managers: { role: manager, size: 1, types: [t4g.small] } }
`;

describe('what cannot be', () => {
  it.each([
    [
      'zones of another region',
      ['[eu-west-1a, eu-west-1b, eu-west-1c]', '[us-east-1a, us-east-1b, us-east-1c]'],
      'network.new.zones: us-east-1a is not in eu-west-1, where this command works: say --region us-east-1',
    ],
    ['a key that nobody knows', ['image:', 'imago: x\nimage:'], 'imago: there is no such key'],
    ['managers on spot', ['size: 3', 'size: 3\n    spotPercent: 10'], 'managers are never spot'],
    ['a group name twice', ['  workers:', '  managers:'], 'Map keys must be unique'],
    ["Docker's own network", ['10.0.0.0/16', '172.17.0.0/16'], "overlaps 172.17.0.0/16, which is every Docker's own"],
  ] as const)('%s is refused before anything is made', async (_what, change, said) => {
    const { code, stdout, stderr } = await lab.cluster(['up', lab.changed(change)]);
    expect([code, stdout, stderr.trim().split('\n')]).toEqual([1, '', [expect.stringContaining(said)]]);
    expect(lab.run.lab.cloudFormation.stacks.all.filter(({ isGiven }) => !isGiven)).toEqual([]);
  });

  it(
    'two managers are made, with a warning',
    async () => {
      const { code, stderr } = await lab.cluster(['plan', lab.changed(['size: 3', 'size: 2'])]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('warning: 2 managers are worse than 1')]);
    },
    LONG,
  );

  it(
    'a zone that the region lacks, a network that is not there, a quota: the first reason, and what is left is cleared',
    async () => {
      const blind = await lab.cluster(['plan', lab.file(GIVEN)]);
      expect([blind.code, blind.stdout]).toEqual([
        2,
        expect.stringContaining(
          '! network.given: subnet-0123456789abcdef0 has no default route, and its VPC no endpoint of ssm and ssmmessages: no node would be heard of\n',
        ),
      ]);
      const zone = lab.changed(['[eu-west-1a, eu-west-1b, eu-west-1c]', '[eu-west-1a, eu-west-1b, eu-west-1f]']);
      expect(await lab.cluster(['up', zone])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/Network is ROLLBACK_COMPLETE\nthe first reason: .*eu-west-1f/),
      });

      expect(await lab.cluster(['up', lab.file(GIVEN)])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/Swarm-lost is ROLLBACK_COMPLETE\nthe first reason: .*vpc-0123456789abcdef0/),
      });

      const message = 'The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)';
      lab.run.lab.cloudFormation.faults.push({ resource: 'Vpc', action: 'create', message, times: 1 });
      const cleared = await lab.cluster(['plan', EXAMPLE]);
      expect(cleared.stdout).toContain('first the ROLLBACK_COMPLETE of it is cleared');
      const full = await lab.cluster(['up', EXAMPLE]);
      expect([full.code, full.stderr]).toEqual([
        2,
        expect.stringContaining(`the first reason: Vpc: Resource handler returned message: "${message}"`),
      ]);
      expect(lab.run.lab.autoScaling.groups.size).toBe(0);
    },
    LONG,
  );

  it(
    'a quota of instances: what AWS says is told, and what is left goes on when it is raised',
    async () => {
      const { launchFailures } = lab.run.lab.autoScaling;
      const message = 'You have requested more vCPU capacity than your current vCPU limit of 0 allows.';
      launchFailures.knobs.push({ group: 'Group-managers', message });
      const said = `AWS launches no instance: ${message}`;
      const blocked = await lab.cluster(['up', EXAMPLE], { at: new RegExp(said), by: 'SIGINT' });
      expect([blocked.code, blocked.stdout.split(said).length]).toEqual([130, 2]);
      expect(blocked.stderr).toContain('The same command goes on from there');

      launchFailures.knobs.length = 0;
      expect(await lab.cluster(['up', EXAMPLE])).toMatchObject({ code: 0, stderr: '' });
    },
    LONG,
  );
});
