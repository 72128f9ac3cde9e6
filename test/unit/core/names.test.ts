import { describe, expect, it } from '@jest/globals';

import { VERBS, clusterName, documentName, instanceId, keys, ownerKey, verbOf } from '../../../src/core/names.ts';

describe('names', () => {
  it.each(['prod', 'a', 'a-1', 'a'.repeat(32)])('%s is a cluster', (name) => {
    expect(clusterName.safeParse(name).success).toBe(true);
  });

  it.each(['', '1a', 'Prod', 'a_b', 'a b', 'a#b', 'a\n', 'a'.repeat(33)])('%j is none', (name) => {
    expect(clusterName.safeParse(name).success).toBe(false);
  });

  it.each(['i-01234567', 'i-0123456789abcdef0'])('%s is an instance', (id) => {
    expect(instanceId.safeParse(id).success).toBe(true);
  });

  it.each(['i-0123', 'i-0123456789ABCDEF0', 'mi-0123456789abcdef0', 'i-0123456789abcdef0;', 'i-01234567\n'])(
    '%j is none',
    (id) => {
      expect(instanceId.safeParse(id).success).toBe(false);
    },
  );

  it.each(VERBS)('the document of %s is found by its name in its own stage only', (verb) => {
    expect(verbOf('dev', documentName('dev', verb))).toBe(verb);
    expect(verbOf('dev-2', documentName('dev', verb))).toBeUndefined();
    expect(verbOf('dev', documentName('dev-2', verb))).toBeUndefined();
  });

  it('an owner is short, stable, and different for each execution', () => {
    expect(ownerKey('arn:a')).toMatch(/^[0-9a-f]{12}$/);
    expect(ownerKey('arn:a')).toBe(ownerKey('arn:a'));
    expect(ownerKey('arn:a')).not.toBe(ownerKey('arn:b'));
  });

  it('an action is keyed without its token, which no Auto Scaling call returns, so that the tidy finds it', () => {
    expect(keys.action('workers', 'i-1', 'LAUNCHING')).toEqual({ pk: 'ACTION#workers#i-1#LAUNCHING', sk: 'ACTION' });
  });
});
