import { describe, expect, it } from '@jest/globals';

import { decide } from '../../../../lab/aws/iam/decision.ts';
import { compilePolicy } from '../../../../lab/aws/iam/policy.ts';
import { isMapped } from '../../../../lab/aws/iam/operations.ts';
import type { PolicyDocument, PolicyStatement } from '../../../../lab/aws/stack/stack.ts';

const documentOf = (statement: Partial<PolicyStatement>): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Sid: 'One', Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*', ...statement }],
});

describe('a policy that the lab would not play as AWS does', () => {
  it.each([
    ['an operator', { Condition: { IpAddress: { 'aws:SourceArn': '10.0.0.0/8' } } }, 'condition operator IpAddress'],
    [
      'its IfExists',
      { Condition: { StringEqualsIfExists: { 'aws:SourceArn': 'a' } } },
      'operator StringEqualsIfExists',
    ],
    ['a set operator', { Condition: { 'ForAnyValue:StringEquals': { 'aws:SourceArn': 'a' } } }, 'ForAnyValue'],
    ['a key', { Condition: { StringEquals: { 'aws:SourceIp': 'a' } } }, 'condition key aws:sourceip'],
    ['a tag key without a tag', { Condition: { StringEquals: { 'aws:ResourceTag/': 'a' } } }, 'key aws:resourcetag/'],
    ['a key in a variable', { Resource: 'arn:aws:ssm:*:*:parameter/${aws:username}' }, 'condition key aws:username'],
    ['a default of a variable', { Resource: "arn:aws:ssm:*:*:${aws:SourceArn, 'a'}" }, 'policy variable'],
    ['an escaped wildcard', { Resource: 'arn:aws:ssm:*:*:parameter/${*}' }, 'policy variable ${*}'],
    ['an ARN that is cut short', { Resource: 'arn:aws:ssm:*' }, 'no whole ARN'],
    ['a text for a truth', { Condition: { Null: { 'aws:SourceArn': 'maybe' } } }, 'true or false'],
    ['another kind of principal', { Principal: { Federated: 'a' } }, 'kind Federated'],
    ['no action', { Action: undefined }, 'needs Action or NotAction'],
    ['an action and its opposite', { NotAction: 'ssm:GetParameter' }, 'its opposite'],
    ['no resource', { Resource: undefined }, 'needs Resource or NotResource'],
  ])('%s that it does not know is an error when it is loaded', (_, statement, message) => {
    expect(() => compilePolicy(documentOf(statement), 'SomeRole')).toThrow(
      expect.objectContaining({ name: 'StackError', message: expect.stringContaining(message) }),
    );
    expect(() => compilePolicy(documentOf(statement), 'SomeRole')).toThrow(/^SomeRole: One: /);
  });
});

describe('a policy of many labs', () => {
  const ask = { action: 'ssm:GetParameter', resource: '*', context: new Map<string, string>() };

  it('is compiled once where nobody can change it, and by its name', () => {
    const document = Object.freeze(documentOf({}));

    expect(compilePolicy(document, 'Role')).toBe(compilePolicy(document, 'Role'));
    expect(compilePolicy(document, 'Other')[0]?.name).toBe('Other.One');
  });

  it('is compiled anew where somebody can', () => {
    const document = documentOf({});
    expect(compilePolicy(document, 'Role')[0]?.covers(ask)).toBe(true);
    Object.assign(document, documentOf({ Action: 'ssm:PutParameter' }));

    expect(compilePolicy(document, 'Role')[0]?.covers(ask)).toBe(false);
  });
});

describe('a service on its own account', () => {
  const rule = 'arn:aws:events:eu-west-1:123456789012:rule/mine';
  const policy = compilePolicy(
    documentOf({
      Action: 'sqs:SendMessage',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': rule } },
    }),
    'Policy',
  );
  const ask = (sourceArn: string, action = 'sqs:SendMessage') => ({
    action,
    resource: 'arn:aws:sqs:eu-west-1:123456789012:dead',
    context: new Map([['aws:sourcearn', sourceArn]]),
  });

  it.each([
    ['the service for the rule', 'events.amazonaws.com', ask(rule), true],
    ['the service for another rule', 'events.amazonaws.com', ask(`${rule}-2`), false],
    ['another service', 'sns.amazonaws.com', ask(rule), false],
    ['another action', 'events.amazonaws.com', ask(rule, 'sqs:PurgeQueue'), false],
  ])('%s: allowed %#', (_, service, asked, allowed) => {
    expect(decide(asked, { service }, [], { policy, alone: false }).allowed).toBe(allowed);
  });

  it('is helped by no policy of a role', () => {
    const all = compilePolicy(documentOf({ Action: '*' }), 'Admin');

    expect(decide(ask(`${rule}-2`), { service: 'events.amazonaws.com' }, all, { policy, alone: false }).allowed).toBe(
      false,
    );
  });
});

describe('operations', () => {
  it('that nobody has mapped to permissions are none that IAM lets through', () => {
    expect(isMapped('ssm', 'SendCommand')).toBe(true);
    expect(isMapped('ssm', 'DeleteDocument')).toBe(false);
  });
});
