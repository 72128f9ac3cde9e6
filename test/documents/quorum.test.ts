// The quorum rule stands twice, since a node decides on what it sees at that moment: in src/core/managers/quorum.ts, and in
// documents/verbs/demote.sh. Here the very functions of the script are run over a table and random rafts, and say what the core says.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { whyNotDemote } from '../../src/core/managers/quorum.ts';
import type { RaftMember } from '../../src/core/managers/quorum.ts';

interface Case {
  readonly members: readonly RaftMember[];
  readonly nodeId: string;
  readonly least: number;
}

const SCRIPT = readFileSync(new URL('../../documents/verbs/demote.sh', import.meta.url), 'utf8');

function functionOf(name: string): string {
  const text = new RegExp(`^${name}\\(\\) \\{.*\\n(?:.*\\n)*?\\}$`, 'm').exec(SCRIPT)?.[0];
  if (text === undefined) throw new Error(`demote.sh has no function ${name}`);
  return text;
}

/** What the script asks of Docker, from two texts; and what it says in the end, each in a shell of its own, since it ends there. */
const AROUND = `
set -eu
O='{''{'
C='}''}'
ask() {
  case "$3" in
    ls) printf '%s\\n' "$NODES" ;;
    inspect) printf '%s\\n' "$ROLES" ;;
    *) echo "asked of $3" >&2; return 1 ;;
  esac
}
ask_lines() { shift; ask "$@"; }
docker_failed() { echo "docker failed: $1"; exit 1; }
fail() { echo "$1 $2 $3"; exit 0; }
`;

const quoted = (text: string): string => `'${text}'`;

function asShell({ members, nodeId, least }: Case): string {
  // A manager that the leader does not reach is in the list as well; a node that is no manager has no second column.
  const nodes = ['worker1 ', ...members.map((it) => `${it.nodeId} ${it.reachable ? 'Reachable' : 'Unreachable'}`)];
  const roles = members.map((it) => `${it.nodeId} ${it.demoting ? 'worker' : 'manager'}`);
  const given = `NODES=${quoted(nodes.join('\n'))} ROLES=${quoted(roles.join('\n'))}`;
  return `(${given} FOUND_ID=${nodeId} SSM_least=${least}; check_quorum; echo may)`;
}

/** What the script says of each: an exit code with its text, or `may`. */
function saidByScript(cases: readonly Case[]): string[] {
  const script = [
    AROUND,
    ...['read_members', 'check_quorum', 'need_majority'].map(functionOf),
    ...cases.map(asShell),
  ].join('\n');
  const { status, stdout, stderr } = spawnSync('/bin/sh', [], { input: script, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the shell ended with ${status ?? 'a signal'}: ${stderr}`);
  return stdout.trim().split('\n');
}

function saidByCore({ members, nodeId, least }: Case): string {
  const because = whyNotDemote(members, nodeId, least);
  return because === undefined ? 'may' : `48 QuorumWouldBreak ${because}`;
}

/** `+` is reachable, `-` is not, `d` was told to become a worker and is reachable, `x` was told and is not. The first one is to go. */
const raft = (text: string, least: number): Case => ({
  members: Array.from(text, (sign, at) => ({
    nodeId: `n${at}`,
    reachable: sign === '+' || sign === 'd',
    demoting: sign === 'd' || sign === 'x',
  })),
  nodeId: 'n0',
  least,
});

const TABLE: readonly (readonly [string, number, boolean])[] = [
  ['+', 0, false],
  ['++', 0, true],
  ['++', 1, true],
  ['++', 2, false],
  ['+-', 0, false],
  ['-+', 0, true],
  ['+++', 2, true],
  ['+++', 3, false],
  ['++-', 0, false],
  ['-++', 3, false],
  ['+++++', 3, true],
  ['+++--', 0, false],
  ['-+++-', 3, true],
  // Standing orders: when those have gone, too few are left.
  ['++d', 0, true],
  ['++d', 2, false],
  ['+++dd', 2, true],
  ['+++dd', 3, false],
  ['++-dd', 0, false],
  ['+x+', 0, false],
];

/** Each case is a dozen processes: seconds, and on a busy host a minute. */
const PATIENCE = 120_000;

describe('the quorum rule', () => {
  it(
    'is the same in demote.sh and in the core, over this table',
    () => {
      const cases = TABLE.map(([text, least]) => raft(text, least));
      const said = saidByScript(cases);

      expect(TABLE.map(([text, least], at) => [text, least, said[at] === 'may'])).toEqual(TABLE);
      expect(said).toEqual(cases.map(saidByCore));
    },
    PATIENCE,
  );

  it(
    'is the same in both for random rafts',
    () => {
      const one = fc
        .tuple(fc.array(fc.constantFrom('+', '-', 'd', 'x'), { minLength: 1, maxLength: 9 }), fc.nat(7))
        .map(([signs, least]) => raft(signs.join(''), least));
      fc.assert(
        fc.property(fc.array(one, { minLength: 30, maxLength: 30 }), (cases) => {
          expect(saidByScript(cases)).toEqual(cases.map(saidByCore));
        }),
        { numRuns: 1, endOnFailure: true },
      );
    },
    PATIENCE,
  );
});
