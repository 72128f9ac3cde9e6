// What somebody has changed by hand of what a stack has made, in words.

export interface DriftedResource {
  readonly logicalId: string;
  readonly type: string;
  /** Empty where it is gone. */
  readonly differences: readonly PropertyDrift[];
}

interface PropertyDrift {
  /** @example /LifecycleHookSpecificationList/0/HeartbeatTimeout */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

/** Of a group these are held against the file itself, and corrected by `up`. */
const SIZES = new Set(['/MinSize', '/MaxSize', '/DesiredCapacity']);
const LONGEST = 60;

/** Values are of whoever changed them: none makes a line of its own, and a long one is cut. */
const quoted = (text: string): string => {
  const line = JSON.stringify(text);
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 4)}..."` : line;
};

export function driftWords(drifted: readonly DriftedResource[]): string[] {
  return drifted.flatMap(({ logicalId, type, differences }) => {
    const what = `${logicalId} (${type.replace(/^AWS::/, '')})`;
    if (differences.length === 0) {
      return [`somebody has deleted ${what}`];
    }
    const others = differences.filter(({ path }) => !(type.endsWith('::AutoScalingGroup') && SIZES.has(path)));
    return others.map(
      ({ path, expected, actual }) =>
        `somebody has changed ${what}: ${quoted(path.slice(1))} is ${quoted(actual)}, made as ${quoted(expected)}`,
    );
  });
}
