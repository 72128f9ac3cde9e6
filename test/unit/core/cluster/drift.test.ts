// What was changed by hand, in words that cannot be forged.
import { describe, expect, it } from '@jest/globals';

import { driftWords } from '../../../../src/core/cluster/drift.ts';

const GROUP = 'AWS::AutoScaling::AutoScalingGroup';
const difference = (path: string, expected: string, actual: string) => ({ path, expected, actual });

describe('drift', () => {
  it.each([
    [[], []],
    [
      [{ logicalId: 'LogGroup', type: 'AWS::Logs::LogGroup', differences: [] }],
      ['somebody has deleted LogGroup (Logs::LogGroup)'],
    ],
    [
      [
        {
          logicalId: 'Rule',
          type: 'AWS::EC2::SecurityGroupIngress',
          differences: [difference('/FromPort', '22', '23')],
        },
      ],
      ['somebody has changed Rule (EC2::SecurityGroupIngress): "FromPort" is "23", made as "22"'],
    ],
    // Of something else than a group the file says no such thing.
    [
      [{ logicalId: 'Other', type: 'AWS::X::Y', differences: [difference('/MinSize', '3', '0')] }],
      ['somebody has changed Other (X::Y): "MinSize" is "0", made as "3"'],
    ],
    // The file itself says them.
    [
      [
        {
          logicalId: 'Group',
          type: GROUP,
          differences: [difference('/MinSize', '3', '0'), difference('/MaxSize', '3', '9')],
        },
      ],
      [],
    ],
    [
      [{ logicalId: 'Group', type: GROUP, differences: [difference('/Tags/0/Value', 'a', 'x\nnothing to do')] }],
      [
        String.raw`somebody has changed Group (AutoScaling::AutoScalingGroup): "Tags/0/Value" is "x\nnothing to do", made as "a"`,
      ],
    ],
  ])('%j', (drifted, words) => {
    expect(driftWords(drifted)).toEqual(words);
  });

  it('a long value is cut', () => {
    const differences = [difference('/UserData', 'a'.repeat(5000), 'b'.repeat(5000))];
    const [line = ''] = driftWords([{ logicalId: 'Group', type: GROUP, differences }]);
    expect(line).toContain(` is "${'b'.repeat(55)}...", made as "${'a'.repeat(55)}..."`);
    const whole = [difference('/UserData', 'a'.repeat(58), 'b'.repeat(58))];
    expect(driftWords([{ logicalId: 'Group', type: GROUP, differences: whole }])[0]).not.toContain('...');
  });
});
