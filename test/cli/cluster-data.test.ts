// What stays of a cluster that goes: its logs and its images, unless a person says otherwise.
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { EmptyLab } from '../support/cluster-command.ts';

const LONG = 240_000;
const FILE = `cluster: blue
network:
  given:
    vpc: vpc-0a1b2c3d4e5f60718
    cidrs: [172.31.0.0/16]
    subnets: [subnet-0a1b2c3d4e5f6071a, subnet-0a1b2c3d4e5f6071b]
image: ami-0123456789abcdef0
registry: true
groups: { managers: { role: manager, size: 1, types: [t4g.small] } }
`;

let lab: EmptyLab;
beforeAll(async () => {
  lab = await EmptyLab.open();
}, LONG);
afterAll(async () => {
  await lab.close();
});

const dataLeft = (): string[] =>
  ['AWS::Logs::LogGroup', 'AWS::S3::Bucket'].filter((type) => lab.run.lab.cloudFormation.account.all(type).length > 0);
const up = async (): Promise<void> => {
  expect(await lab.cluster(['up', lab.file(FILE)])).toMatchObject({ code: 0, stderr: '' });
};
const DOWN = ['--yes', 'blue'];

it(
  'data go where it is said, as soon as the bucket is empty',
  async () => {
    await up();
    const message = 'The bucket you tried to delete is not empty (Service: S3, Status Code: 409)';
    lab.run.lab.cloudFormation.faults.push({ resource: 'Bucket', action: 'delete', message, times: 1 });
    const full = await lab.cluster(['down', lab.file(FILE), ...DOWN, '--with-data']);
    expect([full.code, full.stderr]).toEqual([
      2,
      expect.stringMatching(/not empty[^]*\nempty it, .*: aws s3 rm --recursive s3:\/\/skep-dev-/),
    ]);
    expect(full.stdout).toContain('Its data go with it: ');
    const again = await lab.cluster(['down', lab.file(FILE), ...DOWN, '--with-data']);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(dataLeft()).toEqual([]);
  },
  LONG,
);

it(
  'what nobody could read of the swarm is told as that, and the name is asked for as ever',
  async () => {
    await up();
    const { machines, clock } = lab.run.lab;
    const [manager = ''] = lab.instancesOf('managers');
    await machines.killEngine(manager);
    const blind = await lab.cluster(['down', lab.file(FILE)]);
    expect([blind.code, blind.stderr]).toEqual([1, expect.stringContaining('pass --yes to confirm')]);
    expect(blind.stdout).toMatch(
      /\n {2}services: could not be read: DockerDown: .*\n {2}local volumes, 0: 0 bytes, and those of 1 instance/,
    );
    expect(blind.stdout).toContain(`    on ${manager}: could not be read: its Docker does not tell them\n`);
    expect(lab.instancesOf('managers')).toEqual([manager]);
    const starting = machines.startEngine(manager);
    await clock.advance(60_000);
    await starting;
  },
  LONG,
);

it(
  'data stay where it is not, and are told; also where they were to go, and that was ended before they went',
  async () => {
    await up();
    const ended = await lab.cluster(['down', lab.file(FILE), ...DOWN, '--with-data'], {
      at: /its data go/,
      by: 'SIGINT',
    });
    expect(ended.code).toBe(130);
    const down = await lab.cluster(['down', lab.file(FILE), ...DOWN]);
    expect([down.code, down.stderr]).toEqual([0, '']);
    expect(down.stdout).toMatch(/This is kept: \S+, \S+ \(--with-data deletes it too\)/);
    expect(down.stdout).toContain('its data stay');
    expect(dataLeft()).toEqual(['AWS::Logs::LogGroup', 'AWS::S3::Bucket']);
  },
  LONG,
);
