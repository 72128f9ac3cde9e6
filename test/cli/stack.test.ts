// What `skep deploy` makes of a stack file, and of what Docker tells of its services.
import { describe, expect, it } from '@jest/globals';

import { checkStack, convergenceOf } from '../../cli/stack.ts';

const service = (name: string, replicas: string, update = ''): Parameters<typeof convergenceOf>[0][number] => ({
  ...{ name, replicas, update },
});

describe('a stack', () => {
  it.each([
    ['all run', [service('a_web', '3/3'), service('a_all', '5/5 (max 1 per node)')], 'converged'],
    ['a job is done', [service('a_job', '0/1 (1/1 completed)')], 'converged'],
    ['its update is done', [service('a_web', '3/3', 'completed')], 'converged'],
    ['Docker knows no service yet', [], 'under way'],
    ['one is short', [service('a_web', '3/3'), service('a_api', '1/2')], 'under way'],
    ['its old tasks run still', [service('a_web', '3/3', 'updating')], 'under way'],
    ['a job is not done', [service('a_job', '1/1 (0/1 completed)')], 'under way'],
    ['Docker tells what nobody understands', [service('a_web', 'many')], 'under way'],
    ['its update was paused', [service('a_web', '3/3', 'paused')], 'failed'],
    ['its update was taken back', [service('a_web', '3/3'), service('a_api', '2/2', 'rollback_completed')], 'failed'],
  ])('where %s', (_what, services, expected) => {
    expect(convergenceOf(services).state).toBe(expected);
  });

  it('tells of each service that is not there yet', () => {
    expect(convergenceOf([service('a_web', '3/3'), service('a_api', '1/2', 'updating')]).open).toEqual([
      'a_api: 1/2, updating',
    ]);
    expect(convergenceOf([service('a_api', '2/2', 'paused')]).open).toEqual(['a_api: its update is paused']);
  });
});

describe('a stack file', () => {
  it('is taken where it has services', () => {
    expect(() => {
      checkStack('a.yaml', 'services:\n  web:\n    image: nginx\n', 'app');
    }).not.toThrow();
  });

  it.each([
    ['services: {', 'a.yaml:1: '],
    ['services:\n  web:\n   image: a\n  image: b\n bad', 'a.yaml:5: '],
    ['version: "3"', 'a.yaml: a stack file has services'],
    ['- web', 'a.yaml: a stack file has services'],
    ['', 'a.yaml: a stack file has services'],
    ['services: {}', 'a.yaml: a stack file has services'],
  ])('%j is refused in one line: %s', (text, expected) => {
    let said = '';
    try {
      checkStack('a.yaml', text, 'app');
    } catch (error) {
      said = error instanceof Error ? error.message : '';
    }
    expect(said).toMatch(new RegExp(`^${expected}`));
    expect(said).not.toContain('\n');
  });
});
