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
    [
      'where only a worker runs',
      { candidates: [manager(1)], answers: [lost(1, { manager: false, raftTime: 0 })] },
      'NoSurvivor',
    ],
    [
      'where one that was once sent a join runs and does not answer',
      { candidates: [manager(1), manager(2, { phase: 'launching' })], answers: [lost(1), silent(2)] },
      'NotFenceable',
    ],
    [
      'where one of which only tags are known runs and does not answer',
      { candidates: [manager(1), manager(2, { phase: undefined, nodeId: undefined })], answers: [lost(1), silent(2)] },
      'NotFenceable',
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

/** All that a person has to go by who must choose whom to end, while the cluster is without managers. */
describe('a refused recovery says', () => {
  const gone = { state: 'terminated' } as const;
  const cases: [string, Partial<RecoveryFacts>, string][] = [
    [
      'that nobody is known',
      { candidates: [], answers: [] },
      'neither the table nor tags tell of any manager of the cluster',
    ],
    ['that there is no swarm', { state: { status: 'new' } }, 'the cluster has no swarm: there is nothing to recover'],
    [
      'who is no manager of this cluster',
      { terminate: [A, id(8), id(9)] },
      `${id(8)}, ${id(9)}: no manager of this cluster`,
    ],
    [
      'who sees a leader, and of how many',
      { answers: [lost(1), lost(2, { leader: true, members: 3 }), lost(3, { leader: true, members: 2 })] },
      `quorum is not lost: ${B} sees a leader of 3 managers, ${C} sees a leader of 2 managers`,
    ],
    [
      'who does not answer, and what can be done about it',
      { candidates: [manager(1), manager(2), manager(3, { state: 'pending' })], answers: [lost(1), silent(2)] },
      `${B} (EC2: running), ${C} (EC2: pending) may run as a manager and does not answer: bring its SSM agent back, or end it with --terminate`,
    ],
    [
      'which managers are not skep’s',
      {
        strangers: [
          { nodeId: 'one', address: '10.0.0.8:2377', instance: id(8) },
          { nodeId: 'two', address: '10.0.0.9:2377', instance: id(9) },
        ],
      },
      `${id(8)} (node one at 10.0.0.8:2377), ${id(9)} (node two at 10.0.0.9:2377) may run as a manager, and is not skep's: end it first`,
    ],
    [
      'of each one that answers why it cannot be recovered from',
      {
        candidates: [manager(1), manager(2), manager(3), manager(4)],
        answers: [down(1), lost(2, { epoch: 'fenced' }), lost(3, { epoch: '3' }), lost(4, { manager: false })],
      },
      `no manager is left to recover from: ${A} has no engine that runs, ${B} is fenced, ${C} is a manager of epoch 3, ${id(4)} is no manager`,
    ],
    [
      'that nobody is left at all',
      { candidates: [manager(1, gone), manager(2, gone)], answers: [] },
      'no manager is left to recover from',
    ],
    [
      'why the chosen one is no survivor',
      { answers: [lost(1), lost(2, { epoch: 'fenced' }), lost(3)], from: B },
      `${B} is fenced`,
    ],
    [
      'that the chosen one told nothing',
      { candidates: [manager(1), manager(2, gone)], answers: [lost(1)], from: B },
      `${B} told nothing of itself`,
    ],
    [
      'where it was begun, if a sound one is chosen beside it',
      { answers: [lost(1, { recovering: 1 }), lost(2), lost(3)], from: B },
      `a recovery was begun on ${A}: go on from there, or end it with --terminate`,
    ],
    [
      'why the chosen one is no survivor, also where it was begun on another one',
      { answers: [lost(1, { recovering: 1 }), down(2), lost(3)], from: B },
      `${B} has no engine that runs`,
    ],
    [
      'that the chosen one told nothing, also where it was begun on another one',
      { candidates: [manager(1), manager(2, gone)], answers: [lost(1, { recovering: 1 })], from: B },
      `${B} told nothing of itself`,
    ],
  ];

  it.each(cases)('%s', (_name, change, because) => {
    expect(planRecovery(facts(change))).toMatchObject({ kind: 'refused', because });
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

  it.each([
    ['in this order', [lost(1), lost(2), lost(3)]],
    ['in another order', [lost(3), lost(2), lost(1)]],
  ])('is from the first of equals by its id, where they answer %s', (_name, answers) => {
    expect(planRecovery(facts({ answers }))).toMatchObject({ survivor: A });
  });

  it('of a cluster that was recovered before is from a manager of its present epoch', () => {
    const state = { status: 'founded', swarmId: 's', caDigest: 'd', epoch: 2 } as const;
    const answers = [lost(1, { raftTime: 3000 }), lost(2, { epoch: '2' }), lost(3)];
    expect(planRecovery(facts({ state, answers }))).toMatchObject({ survivor: B, epoch: 2, begun: false });
  });

  const begun = [lost(1, { recovering: 1 }), lost(2), lost(3)];
  it.each<[string, Partial<RecoveryFacts>, string]>([
    ['where a person chose', { from: B }, 'you chose it'],
    ['where only one is left', { answers: [lost(1), down(2), down(3)] }, 'it is the only one left'],
    ['where it guessed', {}, 'its raft was written last: a guess, choose another one with --from'],
    ['where it goes on', { answers: begun }, 'a recovery was begun there before, and is continued'],
    ['where it goes on as chosen', { answers: begun, from: A }, 'a recovery was begun there before, and is continued'],
  ])('says why it is from this one, %s', (_name, change, because) => {
    expect(planRecovery(facts(change))).toMatchObject({ kind: 'recover', because });
  });

  it.each<[string, Partial<Candidate>, string[]]>([
    ['was a manager on record', {}, [B]],
    ['never had a node', { nodeId: undefined }, []],
    ['has left on record', { phase: 'gone' }, []],
  ])(
    'fences one without an engine and without a raft as far as it may be a manager: one that %s',
    (_name, it, fence) => {
      const bare = lost(2, { runs: false, manager: false, nodeId: '', raftTime: 0 });
      const plan = planRecovery(facts({ candidates: [manager(1), manager(2, it)], answers: [lost(1), bare] }));
      expect(plan).toMatchObject({ kind: 'recover', survivor: A, fence });
    },
  );

  it('is not kept from by a stranger whose machine is no more, or is to be ended with it', () => {
    const strangers = [
      { nodeId: 'past', address: '10.0.0.8:2377', instance: undefined },
      { nodeId: 'other', address: '10.0.0.9:2377', instance: id(9) },
    ];
    expect(planRecovery(facts({ strangers, terminate: [id(9)] }))).toMatchObject({ kind: 'recover', ending: [id(9)] });
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
    expect(toSurvey([...candidates, manager(7, { state: 'pending' })])).toEqual([A, B, id(7)]);
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

it.each<[string, Candidate[], Answer[]]>([
  ['by its item, under another address', [manager(1), manager(2, { address: undefined })], [silent(2)]],
  ['by what it tells of itself', [manager(1), manager(2, { nodeId: undefined, address: undefined })], [lost(2)]],
])('an engine knows of a manager that is known here %s: it is not asked after', (_name, candidates, answers) => {
  const heard = lost(1, { remotes: ['node2@10.0.0.7:2377'] });
  expect(unknownRemotes(candidates, [heard, ...answers])).toEqual([]);
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
