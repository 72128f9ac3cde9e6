// What inspect makes of the engine's list of tasks: run here on recorded text, since engines of today make no ghosts (moby#37320).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

const SCRIPT = readFileSync(new URL('../../documents/verbs/inspect.sh', import.meta.url), 'utf8');
const [ghostsIn = ''] = /^ghosts_in\(\) \{[\s\S]*?^\}\n/m.exec(SCRIPT) ?? [];

const HERE = '25gde15bpqqaz798b7s7oooms';
const GONE = '1t4x3p7yhpjceqsv20qavhi0a';
const [FIRST, SECOND, THIRD] = ['005986gfxusqs8pxg59uvqa3i', '008axww9b35c48j5ip7fc6vk6', '00945q3qz2aad9iaxdbelz16s'];

/** As Docker 20.10.24 answers GET /tasks, with values that try to look like members of a task. */
const recorded = (
  id: string,
  node: string,
  state: string,
  service = '"ServiceID":"uwb9sd65f55hqn6uo513oz7fp",',
): string =>
  `{"ID":"${id}","Version":{"Index":272},"CreatedAt":"2026-11-21T20:28:06.352170005Z","UpdatedAt":"2026-11-21T20:28:15Z",` +
  `"Labels":{"NodeID":"${GONE}","State":"running"},"Spec":{"ContainerSpec":{"Image":"busybox:latest","Labels":{"a":"{\\"b\\""},` +
  `"Args":["sleep","{\\"ID\\":\\"x\\",\\"Version\\":{"],"Env":["A={{.Node.ID}}","B=\\"NodeID\\":\\"${GONE}\\",\\"Status\\":{"],` +
  `"Init":false,"DNSConfig":{},"Isolation":"default"},"Resources":{"Limits":{},"Reservations":{}},"Placement":{},"ForceUpdate":0},` +
  `${service}${node === '' ? '' : `"NodeID":"${node}",`}"Status":{"Timestamp":"2026-11-21T20:28:12.834430175Z","State":"${state}",` +
  `"Message":"started","ContainerStatus":{"ContainerID":"${'c'.repeat(64)}","PID":1,"ExitCode":0},"PortStatus":{}},` +
  `"DesiredState":"shutdown","NetworksAttachments":[{"Network":{"ID":"${'n'.repeat(25)}","Version":{"Index":9},"Spec":{}}}]}`;

describe('ghosts', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skep-ghosts-'));
  const nodes = path.join(folder, 'nodes');
  writeFileSync(nodes, `${HERE}\n`);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const run = (input: string): string[] =>
    execFileSync('sh', ['-c', `LC_ALL=C; export LC_ALL; ${ghostsIn}\nghosts_in "$1"`, 'sh', nodes], { input })
      .toString()
      .split('\n')
      .filter((line) => line !== '');
  const ghosts = (...tasks: string[]): string[] => run(`[${tasks.join(',')}]\n\nEND\n`);

  it('are tasks at work on a node that is not in the swarm, of whichever kind their service is', () => {
    const slot = '"ServiceID":"uwb9sd65f55hqn6uo513oz7fp","Slot":3,';
    expect(
      ghosts(
        recorded(FIRST, GONE, 'running'),
        recorded(SECOND, GONE, 'preparing', slot),
        recorded(THIRD, GONE, 'assigned', ''),
      ),
    ).toEqual([`${FIRST}@${GONE}`, `${SECOND}@${GONE}`, `${THIRD}@${GONE}`, 'END']);
  });

  it('are also tasks at work nowhere at all', () => {
    expect(ghosts(recorded(FIRST, '', 'running'), recorded(SECOND, HERE, 'running'))).toEqual([`${FIRST}@-`, 'END']);
  });

  it.each(['new', 'pending', 'allocated', 'complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'])(
    'are not what is %s: it was never there, or it has ended',
    (state) => {
      expect(ghosts(recorded(FIRST, GONE, state))).toEqual(['END']);
    },
  );

  it('are not what runs on a node of the swarm, whatever labels and texts of its user say', () => {
    expect(ghosts(recorded(FIRST, HERE, 'running'), recorded(SECOND, HERE, 'starting'))).toEqual(['END']);
  });

  it('are not told of where the list was cut off, or was none', () => {
    expect(run(`[${recorded(FIRST, HERE, 'running')},${recorded(SECOND, GONE, 'runn').slice(0, 200)}`)).toEqual([]);
    expect(run('{"message":"The swarm does not have a leader."}\n')).toEqual([]);
  });

  it('of 20,000 tasks are found within seconds', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => recorded(String(n).padStart(25, '0'), HERE, 'running'));
    const began = Date.now();
    expect(ghosts(...many, recorded(FIRST, GONE, 'running'))).toEqual([`${FIRST}@${GONE}`, 'END']);
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});
