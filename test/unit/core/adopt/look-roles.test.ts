// What is asked of IAM about the roles of the instances, and what its answers mean.
import { describe, expect, it } from '@jest/globals';

import type { FoundRole } from '../../../../src/core/adopt/facts.ts';
import { asksOf, roleFindings } from '../../../../src/core/adopt/look-roles.ts';
import type { RoleQuestion } from '../../../../src/core/adopt/look-roles.ts';
import { adoptFacts, foundRole } from '../../support/adopt-facts.ts';

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b';
const token = (role: string) => `arn:aws:ssm:eu-west-1:123456789012:parameter/skep/dev/demo/join-token/${role}`;
const asked = (changes: Partial<RoleQuestion>) =>
  asksOf({ stage: 'dev', cluster: 'demo', role: 'worker', key: KEY, isSilent: false, ...changes });
const shortly = (changes: Partial<RoleQuestion>) =>
  asked(changes).map(({ actions, resource, context }) => [
    actions.join(' '),
    resource,
    context['kms:EncryptionContext:PARAMETER_ARN'],
  ]);

describe('of a role is asked', () => {
  it('that of a worker reads its token, under the key of the tokens', () => {
    expect(shortly({})).toEqual([
      ['ssm:GetParameter', token('worker'), token('worker')],
      ['kms:Decrypt', KEY, token('worker')],
    ]);
  });

  it('that of a manager reads its own, and publishes both', () => {
    expect(shortly({ role: 'manager' })).toEqual([
      ['ssm:GetParameter ssm:PutParameter', token('manager'), token('manager')],
      ['ssm:PutParameter', token('worker'), token('worker')],
      ['kms:Decrypt kms:Encrypt', KEY, token('manager')],
      ['kms:Encrypt', KEY, token('worker')],
    ]);
  });

  it('what the agent needs where it is not heard of: otherwise it has it', () => {
    const of = (isSilent: boolean) => shortly({ isSilent }).filter(([, resource]) => resource === '*');
    expect([of(false).length, of(true)[0]?.[0]]).toEqual([0, expect.stringContaining('ssm:UpdateInstanceInformation')]);
  });

  it('as if it had its tags, and through SSM of the partition', () => {
    expect(asked({})[0]?.context).toMatchObject({
      'aws:PrincipalTag/skep:cluster': 'demo',
      'aws:PrincipalTag/skep:role': 'worker',
      'kms:ViaService': 'ssm.eu-west-1.amazonaws.com',
    });
    const china = asked({ key: 'arn:aws-cn:kms:cn-north-1:123456789012:key/0a1b' });
    expect(china[0]?.context['kms:ViaService']).toBe('ssm.cn-north-1.amazonaws.com.cn');
    expect(china[0]?.resource).toMatch(/^arn:aws-cn:ssm:cn-north-1:/);
  });
});

const found = (role: FoundRole | { unseen: string }, of: 'managers' | 'workers' = 'workers') =>
  roleFindings(adoptFacts({ roles: { [of]: role } })).map(({ name, about, because }) => [name, about, because]);

describe('the role of a group', () => {
  it('that has all of it is no finding', () => {
    expect(roleFindings(adoptFacts())).toEqual([]);
  });

  it('lacks actions, each named once, by their resources', () => {
    const of = (action: string, resource: string) => ({ action, resource });
    const lacks = [of('kms:Decrypt', 'x'), of('kms:Encrypt', 'y'), of('kms:Decrypt', 'x'), of('ssm:GetParameter', 'x')];
    expect(found(foundRole('worker', { lacks }))).toEqual([
      ['RoleLacks', 'workers', 'role nodes may not kms:Decrypt, ssm:GetParameter on x; kms:Encrypt on y'],
    ]);
    expect(found(foundRole('manager', { lacks }), 'managers')[0]?.[0]).toBe('ManagerRoleLacks');
  });

  it.each([
    ['of another cluster', { cluster: 'other' }, 'skep:cluster=demo'],
    ['of another role', { roleTag: 'manager' }, 'skep:role=worker'],
    ['of nobody', { cluster: undefined, roleTag: undefined }, 'skep:cluster=demo, skep:role=worker'],
  ])('bears the tags %s', (_what, changes, tags) => {
    expect(found(foundRole('worker', changes))).toEqual([['RoleLacks', 'workers', `role nodes has no tag ${tags}`]]);
  });

  it('is not called good where nobody may look, or IAM cannot tell', () => {
    expect(found({ unseen: 'AWS denies iam:GetRole to you' })).toEqual([
      ['NotLookedAt', 'workers', 'what the role of nodes may: AWS denies iam:GetRole to you'],
    ]);
    expect(found(foundRole('worker', { unclear: ['its policies ask for aws:SourceIp'] }))).toEqual([
      ['NotLookedAt', 'workers', 'what role nodes may: its policies ask for aws:SourceIp'],
    ]);
  });
});
