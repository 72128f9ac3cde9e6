// Managers join with the manager token (docs/decisions/managers-one-at-a-time.md). On engines before 23.0.18, 25.0.6 and 26.1.4 a
// promotion dials a manager that may be long gone, and wedges the node. So no path promotes: the only write of a role is held here, in
// the scripts and where they are simulated.
import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

const COMMENT = { sh: /^\s*#.*$/gm, yaml: /#.*$/gm, ts: /\/\*[\s\S]*?\*\/|\/\/.*$/gm } as const;

/** A file's code, without what is only said about it. */
function code(file: string): string {
  const kind = (['sh', 'yaml', 'ts'] as const).find((ending) => file.endsWith(`.${ending}`)) ?? 'ts';
  return readFileSync(file, 'utf8').replaceAll(COMMENT[kind], '');
}

const SCRIPTS = globSync('documents/*/*.sh').toSorted();
const SIMULATED = globSync('lab/nodes/simulated/**/*.ts').filter((file) =>
  /script: Script/.test(readFileSync(file, 'utf8')),
);
const SKEP = globSync(['src/**/*.ts', 'functions/*.ts', 'cli/**/*.ts', 'statemachines/*.yaml']);

describe('no path promotes a worker', () => {
  it('is asked of all that there is', () => {
    expect([SCRIPTS.length, SIMULATED.length, SKEP.length].every((count) => count > 5)).toBe(true);
  });

  it.each([...SCRIPTS, ...SIMULATED, ...SKEP])('%s tells docker nowhere to promote, or to change a role', (file) => {
    expect(code(file)).not.toMatch(/promote|node update[^\n]*--role|--role[= ]/);
  });

  it('scripts write a role in one place, and only what the node has already, or worker', () => {
    const writes = SCRIPTS.flatMap((file) => [...code(file).matchAll(/\bwrite_node (\S+)/g)].map(([, role]) => role));
    const bodies = SCRIPTS.flatMap((file) =>
      [...code(file).matchAll(/"Role"\s*:\s*([^,}]+)/g)].map(([, role]) => role),
    );

    expect([...new Set(writes)].toSorted()).toEqual(['"$FOUND_ROLE"', 'worker']);
    expect(bodies).toEqual(['"%s"']);
  });

  it('what a script writes as the role that the node has is read together with the version that is written', () => {
    const node = code('documents/lib/node.sh');

    expect(node).toMatch(/IFS='\|' read -r FOUND_ID FOUND_VERSION FOUND_ROLE /);
    expect(node).toContain('/nodes/$FOUND_ID/update?version=$FOUND_VERSION');
    expect(SCRIPTS.filter((file) => /FOUND_ROLE=/.test(code(file)))).toEqual([]);
  });

  it('simulated documents do no more', () => {
    const specs = SIMULATED.flatMap((file) =>
      [...code(file).matchAll(/writeNode\(\s*script,[^;]*?\{\s*role([^,}]*)/g)].map(([, role]) => role?.trim()),
    );

    // `role` alone is the one that was read with the version.
    expect([...new Set(specs)].toSorted()).toEqual(['', ": 'worker'"]);
  });
});
