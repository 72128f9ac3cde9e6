// The fifty mistakes, in the order in which they were made, and what each of them is answered.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Environment } from '../support/skep-command.ts';

/** Where what is typed finds its files; to be removed. */
export const folder = mkdtempSync(path.join(tmpdir(), 'skep-fifty-'));
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const TYPO = file('typo.yaml', 'name: x\ngroups:\n  m: { role: boss }\nsteps: []\n');
const SETTL = file('settl.yaml', 'name: x\ngroups: {}\nsteps:\n  - settl: 5m\n');
const EMPTY = file('empty.yaml', '');
const BYTES = file('bytes.yaml', '\u0001\u0002 %%% \u0003');
const FLAG = file(
  'flag.yaml',
  'name: x\ngroups: { m: { role: manager, desired: 1 } }\nsteps:\n  - settle: 5m\n  - docker: { group: m, run: swarm init --default-address 1 }\n',
);

/** No region, no keys, no profile. */
export const NOWHERE: Environment = { HOME: folder };
const REGION: Environment = { ...NOWHERE, AWS_REGION: 'eu-west-1' };
const KEYS: Environment = { ...REGION, AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' };
const at = (url: string): Environment => ({ ...KEYS, AWS_ENDPOINT_URL: url });
/** The lab that is up while these are typed: PORT, WORKER and PLAIN stand for what is known only then. */
const LAB = at('http://127.0.0.1:PORT');

export interface Mistake {
  readonly no: number;
  readonly mistake: string;
  /** What is typed after `skep`, by words; several lines where the answer is the same. */
  readonly typed: readonly string[];
  readonly where?: Environment;
  readonly code: number;
  /** What stands on stderr, which has nothing else. */
  readonly says?: RegExp;
  /** What stands on stdout. */
  readonly shows?: RegExp;
}

const NO_NOPE = /^stage dev has no cluster nope: it has demo, other\n$/;

export const FIFTY: readonly Mistake[] = [
  { no: 1, mistake: 'nothing at all', typed: [''], code: 1, says: /^Usage: skep/ },
  {
    no: 2,
    mistake: 'a verb that is mistyped',
    typed: ['staus'],
    code: 1,
    says: /^error: unknown command 'staus'\n\(Did you mean status\?\)\n$/,
  },
  { no: 3, mistake: 'ls, as other tools have it', typed: ['ls'], where: LAB, code: 2, shows: /demo/ },
  { no: 4, mistake: '-v for the version', typed: ['-v', 'version'], code: 0, shows: /^\d+\.\d+\.\d+\n$/ },
  { no: 5, mistake: 'a cluster of no name that is known', typed: ['status nope'], where: LAB, code: 1, says: NO_NOPE },
  {
    no: 6,
    mistake: 'the cluster without its option',
    typed: ['create other'],
    where: LAB,
    code: 0,
    shows: /^other was declared before: nothing is changed\n/,
  },
  {
    no: 7,
    mistake: 'no cluster where there are two',
    typed: ['hold', 'plan'],
    where: LAB,
    code: 1,
    says: /^say which cluster: stage dev has demo, other\n$/,
  },
  {
    no: 8,
    mistake: 'no region',
    typed: ['status'],
    code: 1,
    says: /^no AWS region: set AWS_REGION.*\(of the lab on this machine: --lab\)\n$/,
  },
  {
    no: 9,
    mistake: 'no credentials',
    typed: ['status'],
    where: REGION,
    code: 1,
    says: /^no AWS credentials: set AWS_PROFILE, or .*\n$/,
  },
  {
    no: 10,
    mistake: 'a profile that there is not',
    typed: ['status'],
    where: { ...REGION, AWS_PROFILE: 'nope' },
    code: 1,
    says: /^profile nope gives no AWS credentials: .*\n$/,
  },
  {
    no: 11,
    mistake: 'a port that is closed',
    typed: ['status'],
    where: at('http://127.0.0.1:1'),
    code: 1,
    says: /^AWS was not reached at 127\.0\.0\.1:1: nothing answers there \(ECONNREFUSED\)\n$/,
  },
  {
    no: 12,
    mistake: 'an endpoint without http://',
    typed: ['status'],
    where: at('127.0.0.1:4566'),
    code: 1,
    says: /^AWS_ENDPOINT_URL=127\.0\.0\.1:4566: an address like http:\/\/127\.0\.0\.1:4566 is wanted\n$/,
  },
  {
    no: 13,
    mistake: 'https to what speaks none',
    typed: ['status'],
    where: at('https://127.0.0.1:PLAIN'),
    code: 1,
    says: /^AWS was not reached at .*: (it does not speak TLS|it ended the connection).*\n$/,
  },
  {
    no: 14,
    mistake: 'no network',
    typed: ['status'],
    where: at('http://nobody.invalid'),
    code: 1,
    says: /^AWS was not reached at nobody\.invalid: its name cannot be resolved.*\n$/,
  },
  {
    no: 15,
    mistake: 'another region of the lab',
    typed: ['status demo --region us-east-1'],
    where: LAB,
    code: 2,
    shows: /demo/,
  },
  {
    no: 16,
    mistake: 'a stage that is not here',
    typed: ['status --stage prod'],
    where: LAB,
    code: 1,
    says: /^there is no table skep-prod here \(region eu-west-1\): is stage prod deployed in this account and region\?\n$/,
  },
  {
    no: 17,
    mistake: 'a cluster that there is not',
    typed: ['status --cluster nope', 'nodes nope', 'services nope', 'events nope', 'executions nope'],
    where: LAB,
    code: 1,
    says: NO_NOPE,
  },
  {
    no: 18,
    mistake: 'the same, to be changed',
    typed: ['plan nope', 'tidy nope', 'rebalance nope', 'rotate-tokens nope', 'hold nope', 'unhold nope'],
    where: LAB,
    code: 1,
    says: NO_NOPE,
  },
  {
    no: 19,
    mistake: 'the same, to be ended or recovered',
    typed: ['recover nope --yes', 'erase nope --yes', 'delete nope --yes', 'release nope --yes'],
    where: LAB,
    code: 1,
    says: NO_NOPE,
  },
  {
    no: 20,
    mistake: 'a service that there is not, to be rolled back',
    typed: ['rollback nope demo'],
    where: LAB,
    code: 2,
    says: /^service nope of demo is to be taken back: account \d{12}, .*\nstarted \S+\nnot rolled back: ServiceUnknown: demo has no service nope\n$/,
  },
  {
    no: 21,
    mistake: 'the same, to be rebalanced',
    typed: ['rebalance demo --service nope'],
    where: LAB,
    code: 2,
    says: /^tasks of demo are to be moved, .*: account \d{12}, .*\nstarted \S+\nnot rebalanced: ServiceUnknown: demo has no service nope\n$/,
  },
  {
    no: 22,
    mistake: 'a swarm with workers, to be erased',
    typed: ['erase demo --yes'],
    where: LAB,
    code: 2,
    says: /^demo has workers: i-[0-9a-f]{17} of workers.*\nscale their groups to 0 first: nothing was changed\n$/,
  },
  {
    no: 23,
    mistake: 'nobody there who could be asked',
    typed: ['delete other', 'drain WORKER demo'],
    where: LAB,
    code: 1,
    says: /: .*account \d{12}, .*\nstdin is not a terminal, so nobody can be asked: pass --yes to confirm\n$/,
  },
  {
    no: 24,
    mistake: 'a name in capitals',
    typed: ['create --cluster BLUE'],
    where: LAB,
    code: 1,
    says: /^--cluster BLUE: a cluster name is 1 to 32 of a-z, 0-9 and -, and begins with a letter\n$/,
  },
  {
    no: 25,
    mistake: 'a tidy more often than there is one',
    typed: ['create blue --tidy-every 7'],
    where: LAB,
    code: 1,
    says: /^--tidy-every 7: a number from 10 to 1440 is wanted\n$/,
  },
  {
    no: 26,
    mistake: 'created again, with another network',
    typed: ['create other --vpc-cidr 172.30.0.0/16'],
    where: LAB,
    code: 0,
    shows: /^other was declared before: nothing is changed\nit has .*\nit does not get .*\n$/,
  },
  {
    no: 27,
    mistake: 'a port of the managers',
    typed: ['create blue --data-path-port 2377'],
    where: LAB,
    code: 1,
    says: /^--data-path-port 2377: the managers of a swarm talk there\n$/,
  },
  {
    no: 28,
    mistake: 'an option that is mistyped',
    typed: ['hold demo --becuase x'],
    code: 1,
    says: /^error: unknown option '--becuase'\n\(Did you mean --because\?\)\n$/,
  },
  {
    no: 29,
    mistake: 'a region that is mistyped',
    typed: ['status --regoin x'],
    code: 1,
    says: /^error: unknown option '--regoin'\n\(Did you mean --region\?\)\n$/,
  },
  {
    no: 30,
    mistake: 'an option of another tool',
    typed: ['status -o json'],
    code: 1,
    says: /^error: unknown option '-o'\n$/,
  },
  {
    no: 30,
    mistake: 'a verb of another tool',
    typed: ['destroy'],
    code: 1,
    says: /^error: unknown command 'destroy'\n/,
  },
  { no: 30, mistake: 'a shell that is none', typed: ['completion tcsh'], code: 1, says: /tcsh/ },
  {
    no: 31,
    mistake: 'a group that is mistyped',
    typed: ['lab scale wrkrs 3 --port PORT'],
    code: 1,
    says: /^the lab has no group wrkrs: it has managers, workers, nometa, notags\n$/,
  },
  {
    no: 32,
    mistake: 'more than a group may have',
    typed: ['lab scale workers 99999 --port PORT'],
    code: 1,
    says: /^.*less than or equal to.*\n$/,
  },
  {
    no: 33,
    mistake: 'a size that is no number',
    typed: ['lab scale workers abc', 'lab scale workers 1.5'],
    code: 1,
    says: /^error: .* a whole number is wanted\.\n$/,
  },
  {
    no: 34,
    mistake: 'no lab there',
    typed: [
      'lab groups --port 1',
      'lab stop --port 1',
      'lab nodes --port 1',
      'lab scale wrkrs 3 --port 1',
      'lab dashboard --port 1',
    ],
    code: 1,
    says: /^no lab answers on port 1: start one with npm start, or skep lab serve\n$/,
  },
  {
    no: 35,
    mistake: 'a second lab',
    typed: ['lab serve --empty --port PORT'],
    code: 1,
    shows: /^\S+ {2}packaging stage dev, as for a deployment\n$/,
    says: /^port \d+ is taken: is a lab running already\? --port chooses another\n$/,
  },
  { no: 36, mistake: 'groups as JSON', typed: ['lab groups --json --port PORT'], code: 0, shows: /^\[\n/ },
  {
    no: 36,
    mistake: 'no instance to kill',
    typed: ['lab kill web-1 --port PORT'],
    code: 1,
    says: /^web-1: an EC2 instance id like i-.*\n$/,
  },
  {
    no: 37,
    mistake: 'a scenario that is not there',
    typed: ['lab run nope.yaml'],
    code: 1,
    says: /^nope\.yaml: cannot be read \(ENOENT\)\n$/,
  },
  {
    no: 37,
    mistake: 'a folder in place of one',
    typed: [`lab run ${folder}`],
    code: 1,
    says: /: cannot be read \(EISDIR\)\n$/,
  },
  {
    no: 38,
    mistake: 'a role that there is not',
    typed: [`lab run ${TYPO}`],
    code: 1,
    says: /^\S*typo\.yaml:3: groups\.m\.role: .*\n$/,
  },
  {
    no: 38,
    mistake: 'a step that is mistyped',
    typed: [`lab run ${SETTL}`],
    code: 1,
    says: /^\S*settl\.yaml:4: .*settl.*\n$/,
  },
  { no: 39, mistake: 'an empty scenario', typed: [`lab run ${EMPTY}`], code: 1, says: /^\S*empty\.yaml:1: .*\n$/ },
  {
    no: 40,
    mistake: 'bytes in place of a scenario',
    typed: [`lab run ${BYTES}`],
    code: 1,
    says: /^\S*bytes\.yaml:1: .*\n$/,
  },
  {
    no: 41,
    mistake: 'docker nodes, and not root',
    typed: [`lab run examples/scale-out-in/scenario.yaml --nodes docker`],
    code: 1,
    says: /^docker machines need root: run the lab with sudo\n$/,
  },
  {
    no: 48,
    mistake: 'a flag that docker does not have, in a scenario',
    typed: [`lab run ${FLAG}`],
    code: 2,
    shows: /simulated docker does not know --default-address/,
  },
  {
    no: 50,
    mistake: 'a group without metadata',
    typed: ['plan demo', 'status demo'],
    where: LAB,
    code: 2,
    shows: /nometa/,
  },
  {
    no: 51,
    mistake: 'a group without tags',
    typed: ['plan demo', 'status demo'],
    where: LAB,
    code: 2,
    shows: /notags/,
  },
  // The last: of the quorum nothing is left after it.
  {
    no: 49,
    mistake: 'a machine of the lab is killed, the only manager',
    typed: ['lab kill MANAGER --port PORT'],
    code: 0,
    shows: /^i-\S+: killed/,
  },
  {
    no: 49,
    mistake: 'a tidy where the quorum is lost',
    typed: ['tidy demo'],
    where: LAB,
    code: 2,
    says: /^demo is to be compared, .*: account \d{12}, .*\nstarted \S+\n(at work for .*\n)*nothing is known, and nothing was changed: [^{}]*\n$/,
  },
];
