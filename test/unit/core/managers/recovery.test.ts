import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { planRecovery, toSurvey, unknownRemotes } from '../../../../src/core/managers/recovery.ts';
import type { Answer, Candidate, RecoveryFacts, Surveyed } from '../../../../src/core/managers/recovery.ts';

const id = (number: number): string => `i-${String(number).padStart(17, '0')}`;
const [A, B, C] = [id(1), id(2), id(3)];

const manager = (number: number, change: Partial<Candidate> = {}): Candidate => ({
  instance: id(number),
  state: 'running',
  nodeId: `node${number}`,
  address: `10.0.0.${number}:2377`,
  phase: 'ready',
  ...change,
});

const lost = (number: number, change: Partial<Surveyed> = {}): Answer => ({
  instance: id(number),
  told: {
    runs: true,
    state: 'active',
    manager: true,
    leader: false,
    members: 0,
    nodeId: `node${number}`,
    swarmId: '',
    raftTime: 1000,
    epoch: '0',
    recovering: 0,
    remotes: [],
    ...change,
  },
});
const down = (number: number): Answer =>
  lost(number, { runs: false, state: '', manager: false, nodeId: '', raftTime: 900 });
const silent = (number: number): Answer => ({ instance: id(number), error: 'InstanceUnreachable' });

const facts = (change: Partial<RecoveryFacts>): RecoveryFacts => ({
  state: { status: 'founded', swarmId: 's', caDigest: 'd', epoch: 0 },
  candidates: [manager(1), manager(2), manager(3)],
  answers: [lost(1), lost(2), lost(3)],
  strangers: [],
  from: undefined,
  terminate: [],
  ...change,
});

describe('a recovery is refused', () => {
  const cases: [string, Partial<RecoveryFacts>, string][] = [
    ['where there is no swarm', { state: { status: 'new' } }, 'NotFounded'],
    ['where the cluster is not known', { state: undefined }, 'NotFounded'],
    ['where nobody is known', { candidates: [], answers: [] }, 'NobodyKnown'],
    [
      'where somebody sees a leader',
      { answers: [lost(1), lost(2, { leader: true, members: 3 }), silent(3)] },
      'QuorumNotLost',
    ],
    [
      'where somebody who is to be terminated sees a leader',
      { answers: [lost(1), lost(2, { leader: true }), lost(3)], terminate: [B] },
      'QuorumNotLost',
    ],
    ['where one runs and does not answer', { answers: [lost(1), lost(2), silent(3)] }, 'NotFenceable'],
    ['where one runs and was not even asked', { answers: [lost(1), lost(2)], from: A }, 'NotFenceable'],
    ['where an unknown one is to be terminated', { terminate: [id(9)] }, 'UnknownInstance'],
    [
      'where an engine knows of a manager that lives and is not skep’s',
      { strangers: [{ nodeId: 'other', address: '10.0.0.9:2377', instance: id(9) }] },
      'UnknownManager',
    ],
    [
      'where no engine runs',
      { candidates: [manager(1), manager(2, { state: 'terminated' })], answers: [down(1)] },
      'NoSurvivor',
    ],
    ['where all were fenced', { answers: [1, 2, 3].map((one) => lost(one, { epoch: 'fenced' })) }, 'NoSurvivor'],
    ['where the chosen one has no engine', { answers: [down(1), lost(2), lost(3)], from: A }, 'NotASurvivor'],
    [
      'where the chosen one is of another epoch',
      { answers: [lost(1, { epoch: '3' }), lost(2), lost(3)], from: A },
      'NotASurvivor',
    ],
    [
      'where it began on another one',
      { answers: [lost(1, { recovering: 1 }), lost(2), lost(3)], from: B },
      'NotASurvivor',
    ],
  ];

  it.each(cases)('%s', (_name, change, reason) => {
    expect(planRecovery(facts(change))).toMatchObject({ kind: 'refused', reason });
  });
});

describe('a recovery', () => {
  it('is from the one whose raft was written last, and fences the others', () => {
    const answers = [lost(1), lost(2, { raftTime: 2000 }), down(3)];
    const plan = planRecovery(facts({ answers }));
    expect(plan).toMatchObject({ kind: 'recover', survivor: B, fence: [A, C], ending: [], epoch: 0, begun: false });
  });

  it('is from the one that was chosen', () => {
    expect(planRecovery(facts({ from: C }))).toMatchObject({ survivor: C, fence: [A, B] });
  });

  it('waits for the end of those that were named for it, and of those on their way, and asks nothing of what is off', () => {
    const candidates = [
      manager(1),
      manager(2),
      manager(3, { state: 'shutting-down' }),
      manager(4, { state: 'terminated' }),
      manager(5, { state: 'gone' }),
      manager(6, { state: 'stopped' }),
    ];
    expect(toSurvey(candidates)).toEqual([A, B]);
    const plan = planRecovery(facts({ candidates, answers: [lost(1), silent(2)], terminate: [B] }));
    expect(plan).toMatchObject({ survivor: A, fence: [], terminate: [B], ending: [B, C] });
  });

  it('leaves alone who waits to become a manager, a worker, and an instance without an agent that never joined', () => {
    const fresh = { nodeId: undefined, address: undefined };
    const candidates = [
      manager(1),
      manager(4, { phase: 'launching', ...fresh }),
      manager(5, { phase: 'launching', ...fresh }),
      manager(6),
    ];
    const waits = lost(4, { state: 'inactive', manager: false, raftTime: 0 });
    const worker = lost(6, { manager: false, raftTime: 0 });
    const plan = planRecovery(facts({ candidates, answers: [lost(1), waits, silent(5), worker] }));
    expect(plan).toMatchObject({ kind: 'recover', survivor: A, fence: [] });
  });

  it.each([
    ['before its epoch was on record', { epoch: '1', leader: true, members: 1 }],
    ['in the middle', { recovering: 1, leader: true, members: 1 }],
    ['before it had done anything', { recovering: 1 }],
  ])('that was stopped %s goes on where it was', (_name, change) => {
    const plan = planRecovery(
      facts({ answers: [lost(1), lost(2, change), lost(3, { epoch: 'fenced', runs: false })] }),
    );
    expect(plan).toMatchObject({ kind: 'recover', survivor: B, fence: [A, C], begun: true });
  });

  it('that is done is not done again: its manager has a leader of the cluster’s own epoch', () => {
    const state = { status: 'founded', swarmId: 's', caDigest: 'd', epoch: 1 } as const;
    const answers = [lost(1, { epoch: '1', leader: true, members: 1 })];
    expect(planRecovery(facts({ state, candidates: [manager(1)], answers }))).toMatchObject({
      reason: 'QuorumNotLost',
    });
  });
});

it('engines know managers by node id and address: who is none of the candidates is asked after', () => {
  const remotes = ['node2@10.0.0.2:2377', 'again@10.0.0.3:2377', 'other@10.0.0.9:2377'];
  const unknown = unknownRemotes([manager(1), manager(2), manager(3)], [lost(1, { remotes }), lost(2, { remotes })]);
  expect(unknown).toEqual([{ nodeId: 'other', address: '10.0.0.9:2377' }]);
});

const OFF = ['stopped', 'terminated', 'gone'];
const mayBeManager = (one: Answer | undefined): boolean =>
  one?.told === undefined || !one.told.runs || one.told.manager || one.told.raftTime > 0;
const leads = ({ told }: Answer): boolean => told?.leader === true && told.epoch !== '1' && told.recovering !== 1;

describe('whatever is found', () => {
  const told = fc.record({
    runs: fc.boolean(),
    manager: fc.boolean(),
    leader: fc.boolean(),
    raftTime: fc.nat(3),
    epoch: fc.constantFrom('0', '1', 'fenced'),
    recovering: fc.constantFrom(0, 1),
  });
  const one = fc.record({
    state: fc.constantFrom('pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated', 'gone'),
    answers: fc.boolean(),
    named: fc.boolean(),
    told,
  });

  it('nobody who runs is left running beside the survivor, and nothing is done beside a leader of this epoch', () => {
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 7 }), (seen) => {
        const candidates = seen.map(({ state }, index) => manager(index + 1, { state }));
        const answers = seen.flatMap(({ state, answers: does, told: it }, index) =>
          ['running', 'pending'].includes(state) ? [does ? lost(index + 1, it) : silent(index + 1)] : [],
        );
        const terminate = seen.flatMap(({ named }, index) => (named ? [id(index + 1)] : []));
        const plan = planRecovery(facts({ candidates, answers, terminate }));
        if (plan.kind === 'refused') {
          return;
        }
        const { survivor, fence, ending } = plan;
        expect([...fence, ...ending]).not.toContain(survivor);
        const dealtWith = new Set([survivor, ...fence, ...ending]);
        const left = candidates.filter((it) => !OFF.includes(it.state) && !dealtWith.has(it.instance));
        expect(left.map(({ instance }) => answers.find((it) => it.instance === instance)).filter(mayBeManager)).toEqual(
          [],
        );
        expect(answers.filter(leads)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
