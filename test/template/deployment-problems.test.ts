// What is refused before anything is packaged: each of these would have deployed half of a stack, or one that does not work.
import { describe, expect, it } from '@jest/globals';

import { deploymentProblems, parametersOf } from '../../resources/deployment-problems.ts';

const GOOD = { stage: 'prod', parameters: {} };

describe('a stage', () => {
  it.each(['dev', 'prod-2', 'Prod', 'a-stage-of-thirty-two-characters'])('%s is taken', (stage) => {
    expect(deploymentProblems({ ...GOOD, stage })).toEqual([]);
  });

  it.each(['1dev', '', '-dev', 'my_stage', 'a-stage-of-thirty-three-character', 'dev\n', 'dév'])(
    '%j is refused, and told what can be',
    (stage) => {
      expect(deploymentProblems({ ...GOOD, stage })).toEqual([
        expect.stringMatching(/^the stage ".*" cannot be: .*32/s),
      ]);
    },
  );
});

describe('a parameter', () => {
  it.each([
    ['rotateTokens', 'rate(1 day)'],
    ['rotateTokens', 'rate(7 days)'],
    ['rotateTokens', 'cron(0 3 ? * SUN *)'],
    ['rotateTokensState', 'DISABLED'],
    ['webhookParameter', '/ops/slack'],
    ['webhookParameter', '/skep/prod/webhook'],
  ])('%s=%s is taken', (name, value) => {
    expect(deploymentProblems({ ...GOOD, parameters: { [name]: value } })).toEqual([]);
  });

  it.each([
    ['rotateTokens', 'rate(1 days)'],
    ['rotateTokens', 'rate(7 day)'],
    ['rotateTokens', 'rate(0 days)'],
    ['rotateTokens', '7 days'],
    ['rotateTokens', 'cron(0 3 * * *)'],
    ['rotateTokensState', 'disabled'],
    ['webhookParameter', 'ops/slack'],
    ['webhookParameter', 'slack'],
    ['webhookParameter', '/ops/slack/'],
    ['webhookParameter', '/aws/slack'],
    ['webhookParameter', '/SSM/slack'],
    ['webhookParameter', '/ops slack'],
    ['webhookParameter', `/${'a'.repeat(1000)}`],
    ['webhookParameter', '/a'.repeat(16)],
  ])('%s=%s is refused, and told what it should be', (name, value) => {
    const [problem, ...others] = deploymentProblems({ ...GOOD, parameters: { [name]: value } });
    expect(others).toEqual([]);
    expect(problem).toContain(`the parameter ${name} is "${value}"; it should be `);
  });

  it('that there is not is refused: a slip of the pen would change nothing, and nobody would know', () => {
    expect(deploymentProblems({ ...GOOD, parameters: { rotateToken: 'rate(1 day)' } })).toEqual([
      'there is no parameter "rotateToken"; there are rotateTokens, rotateTokensState, webhookParameter',
    ]);
  });
});

it('parameters are read as the framework reads them, up to the first sign of equality', () => {
  expect(parametersOf(['a=b=c', 'd', 'e='])).toEqual({ a: 'b=c', d: '', e: '' });
});
