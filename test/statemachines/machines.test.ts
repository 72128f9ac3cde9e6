import { describe, expect, it } from '@jest/globals';

import { parseDefinition } from '../../lab/aws/states/definition.ts';
import { definitionOf, machineNames } from '../../resources/state-machines.ts';
import { CLOSED_ERRORS, ERRORS } from '../../src/core/errors.ts';
import { FINAL_ERRORS, isFinal } from '../../src/core/steps/final-errors.ts';
import type { StepKind } from '../../src/core/names.ts';
import { VERBS, WAITS } from '../../src/core/names.ts';
import { everyState, nextOf, partsOf, resolved } from './machines.ts';
import type { Named, Part, State } from './machines.ts';

const states = everyState();
const label = ({ machine, name }: Named): string => `${machine} > ${name}`;
const table = (some: readonly Named[]): [string, Named][] => some.map((one) => [label(one), one]);

const tasks = states.filter(({ Type }) => Type === 'Task');
const waits = tasks.filter(({ Resource }) => Resource?.endsWith('.waitForTaskToken'));
const givesTheLockBack = ({ machine, name }: Named): boolean => machine === 'scale-in' && name === 'Demote';
const answersHooks = ({ machine }: { readonly machine: string }): boolean =>
  ['scale-in', 'scale-out'].includes(machine);
const completes = (state: { Resource?: string | undefined } | undefined): boolean =>
  state?.Resource === 'arn:aws:states:::aws-sdk:autoscaling:completeLifecycleAction';

/** Names that AWS gives: its own errors, and those of the services that it calls for us. */
const AWS_NAMES = /^(States|Lambda|Sandbox|AutoScaling|Ec2|Runtime|StepFunctions)\.[A-Za-z0-9]+$/;

const payloadOf = ({ Arguments }: Named): Record<string, unknown> =>
  (Arguments as { Payload: Record<string, unknown> }).Payload;
const kindOf = (state: Named): StepKind => payloadOf(state)['verb'] as StepKind;
const undoes = (state: Named): boolean => payloadOf(state)['undo'] === true;
/** What a state does not try again. */
const knownOf = ({ Retry }: Named): string[] =>
  Retry.filter((one) => one['MaxAttempts'] === 0).flatMap(({ ErrorEquals }) => ErrorEquals);
const everythingElse = (rules: readonly { ErrorEquals: string[] }[]): { ErrorEquals: string[] } | undefined =>
  rules.find(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
/** They have an end: the deadline of the action, where the command function, or else the machine itself, ends them. */
const bound = waits.filter((state) => answersHooks(state) && !undoes(state) && state.name !== 'Held');

describe('the state machines', () => {
  it('are six', () => {
    expect(machineNames).toEqual(['rebalance', 'recover', 'rotate-tokens', 'scale-in', 'scale-out', 'tidy']);
    expect(waits.length).toBeGreaterThan(10);
  });

  it.each(machineNames)('%s is one that the lab runs whole', (name) => {
    expect(() => parseDefinition(resolved(definitionOf(name)))).not.toThrow();
  });

  it.each(['scale-in', 'scale-out'])(
    '%s lives longer than any hook: its own timeout would skip every Catch',
    (name) => {
      expect(definitionOf(name)).toMatchObject({ QueryLanguage: 'JSONata', TimeoutSeconds: expect.any(Number) });
      expect((definitionOf(name) as { TimeoutSeconds: number }).TimeoutSeconds).toBeGreaterThan(48 * 3600);
    },
  );

  it.each(machineNames)('%s goes to no state that is not there, and has none that nobody goes to', (name) => {
    for (const { StartAt, States } of partsOf(name)) {
      const named = new Set([StartAt, ...Object.values(States).flatMap(nextOf)]);
      expect([...named].toSorted()).toEqual(Object.keys(States).toSorted());
    }
  });
});

describe('the names of errors', () => {
  const rules = states.flatMap((state) =>
    [...state.Retry, ...state.Catch].map((rule) => [label(state), rule.ErrorEquals] as const),
  );

  it.each(rules)('%s: %j are names of AWS or in the table of errors', (_state, names) => {
    expect(names.filter((name) => !AWS_NAMES.test(name) && !ERRORS.has(name))).toEqual([]);
  });

  it.each(rules)('%s: %j has no name twice, and States.ALL alone', (_state, names) => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.includes('States.ALL') ? names : ['alone']).toHaveLength(1);
  });

  it.each(table(states.filter(({ Catch, Retry }) => Catch.length + Retry.length > 0)))(
    '%s matches everything only in its last rule, and no error in two',
    (_state, { Catch, Retry }) => {
      for (const rulesOfOne of [Retry, Catch]) {
        const names = rulesOfOne.map(({ ErrorEquals }) => ErrorEquals);
        expect(names.slice(0, -1).flat()).not.toContain('States.ALL');
        expect(new Set(names.flat()).size).toBe(names.flat().length);
      }
    },
  );

  it('a Catch for everything does not match States.DataLimitExceeded: where there is a way to go on, it stands by itself', () => {
    const going = waits.filter(
      ({ machine, name, Catch }) =>
        answersHooks({ machine }) && !['Leave', 'LeaveOn', 'LeaveWarned'].includes(name) && Catch.length > 0,
    );
    const without = going.filter(
      ({ Catch }) => !Catch.some(({ ErrorEquals }) => ErrorEquals.includes('States.DataLimitExceeded')),
    );

    // What undoes sends nothing that grows.
    expect(without.map(label)).toEqual(['scale-out > Demote', 'scale-out > Undo', 'scale-out > Forget']);
  });

  it.each(table(waits))('%s tries everything again but what the table of final errors names', (_state, state) => {
    const known = knownOf(state).filter((name) => name !== 'States.Timeout');

    expect(known.filter((name) => !isFinal(kindOf(state), name))).toEqual([]);
    expect(state.Retry.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
    // The end of a swarm is asked for again by way of the lock.
    expect(state.Retry.at(-1)?.['MaxAttempts']).toBeGreaterThanOrEqual(state.name === 'LeaveLast' ? 3 : 4);
  });

  it.each(table(bound))('%s ends with each error that ends it by that table', (_state, state) => {
    // What ends a launch is of the instance; a leave tells of the last manager only where it is that.
    const ending = FINAL_ERRORS.filter(({ then, of }) => then === 'ends' && of.includes(kindOf(state)));
    // A hand-over does not end anything: the drain does.
    const may = ending.filter(({ error }) => state.machine === 'scale-out' || !['InstanceGone'].includes(error));

    expect(knownOf(state)).toEqual(expect.arrayContaining(may.map(({ error }) => error)));
  });

  it.each(table(waits.filter(answersHooks)))(
    '%s goes a way of its own exactly after what it does not try again',
    (_state, state) => {
      const named = state.Catch.flatMap(({ ErrorEquals }) => ErrorEquals).filter(
        (name) => !['States.ALL', 'States.DataLimitExceeded'].includes(name),
      );
      // A sleep goes on in another state.
      const tried = ['States.Timeout'].filter((name) => !knownOf(state).includes(name));
      const left = state.name === 'HandOver' ? ['DeadlineReached'] : [];

      expect([...named.filter((name) => !tried.includes(name)), ...left].toSorted()).toEqual(knownOf(state).toSorted());
    },
  );

  it.each(table(bound))('%s does not end an action by an error that nobody knows', (_state, state) => {
    const elsewhere: Readonly<Record<string, string>> = {
      HandOver: 'Drain',
      Leave: 'LookEc2',
      LeaveWarned: 'LookEc2',
      LeaveOn: 'LookEc2',
      LeaveLast: 'LookLast',
    };

    expect(everythingElse(state.Catch)).toMatchObject(
      elsewhere[state.name] === undefined
        ? { Next: 'Again', Assign: { back: expect.any(String), failure: '{% $states.errorOutput %}' } }
        : { Next: elsewhere[state.name] },
    );
  });

  it.each(['scale-in', 'scale-out'])('%s goes on, after a pause, wherever an unknown error was met', (machine) => {
    const own = states.filter((state) => state.machine === machine);
    const back = own.flatMap(({ Catch }) => Catch.map((one) => (one['Assign'] as { back?: string } | undefined)?.back));
    const wanted = new Set(
      back.flatMap((name) => (name?.startsWith('{%') === true ? ['Confirm', 'Join'] : [name ?? []].flat())),
    );
    const resume = own.find(({ name }) => name === 'Resume');
    const places = new Map((resume?.Choices ?? []).map((one) => [String(one['Condition']), one.Next] as const));

    expect(wanted.size).toBeGreaterThan(5);
    for (const name of wanted) {
      expect(places.get(`{% $back = '${name}' %}`) ?? resume?.Default).toBe(name);
    }
  });

  it('a demotion that is refused gives the lock back and waits; what may have been accepted keeps it', () => {
    const [demotion] = states.filter(givesTheLockBack);
    const refused = (demotion?.Catch ?? []).find(({ ErrorEquals }) => ErrorEquals.includes('QuorumWouldBreak'));

    expect(refused).toMatchObject({ Next: 'Lock', Assign: { refused: true } });
    expect(everythingElse(demotion?.Catch ?? [])).toMatchObject({ Next: 'Again', Assign: { back: 'Demote' } });
    expect(knownOf(demotion as Named)).not.toContain('DemotionPending');
  });
});

describe('tasks', () => {
  it.each(table(tasks))('%s has an end of its own', (_state, { TimeoutSeconds }) => {
    expect(typeof TimeoutSeconds === 'number' ? TimeoutSeconds > 0 : TimeoutSeconds?.startsWith('{%')).toBe(true);
  });

  it.each(table(tasks))('%s is tried again after what passes', (_state, { machine, Retry, Resource }) => {
    const names = Retry.filter((one) => one['MaxAttempts'] !== 0).flatMap(({ ErrorEquals }) => ErrorEquals);
    // A function that a person waits for ends with its error at once, but for what passes by itself.
    const transient = [
      'Lambda.ServiceException',
      'Lambda.ClientExecutionTimeoutException',
      'Lambda.TooManyRequestsException',
      'Sandbox.Timedout',
      'Throttled',
      'AwsUnavailable',
    ];
    const asks = Resource === 'arn:aws:states:::lambda:invoke' && !answersHooks({ machine });

    expect(names).toEqual(expect.arrayContaining(asks ? transient : ['States.ALL']));
  });

  /** The item of the node is that of a join that comes after it. */
  const ownItems = ['Removed'];

  it.each(table(waits))(
    '%s passes the version, a verb, its step, its task token and the attempt',
    (_state, { machine, Arguments }) => {
      const { Payload: payload } = Arguments as { Payload: Record<string, string> };

      expect(payload).toMatchObject({
        v: 1,
        taskToken: '{% $states.context.Task.Token %}',
        execution: '{% $states.context.Execution.Id %}',
        attempt: expect.stringContaining('$states.context.State.RetryCount'),
        plan: expect.stringContaining('$plan'),
        // Only what acts on the owner's behalf may meet its end in the item of the node: that of nobody else's execution.
        belongsTo:
          answersHooks({ machine }) && !ownItems.includes(payload['step'] ?? '') && payload['verb'] !== 'shift'
            ? 'node'
            : 'execution',
      });
      expect([...VERBS, ...WAITS]).toContain(payload['verb']);
      expect(payload['step']).toMatch(
        /^([A-Z][A-Za-z]+|\{% \$mayHandOver \? 'Drain' : 'DrainRest' %\}|\{% '(Inspect|Mend|Label|Survey|Fence|Nodes|Services|Sweep|Shift|HandOver)-' & .* %\})$/,
      );
    },
  );

  it.each(table(tasks.filter((state) => completes(state) && state.name !== 'CompleteRejected')))(
    '%s tells by the text what has one name for all: no action waits, or calls are throttled',
    (_state, state) => {
      const choice = states.find(
        ({ machine, name }) =>
          machine === state.machine && name === (everythingElse(state.Catch) as { Next?: string } | undefined)?.Next,
      );

      expect(knownOf(state)).toEqual(['AutoScaling.AutoScalingException']);
      expect(choice).toMatchObject({ Type: 'Choice', Default: 'HookLeftOpen' });
      expect(choice?.Choices.map((one) => one['Condition'])).toEqual([
        expect.stringContaining('no active lifecycle action'),
        '{% $completions < 20 %}',
      ]);
    },
  );

  it('a step goes on in another state only with attempts that are no first ones: those would send again', () => {
    for (const machine of machineNames) {
      const own = waits
        .filter((state) => state.machine === machine)
        .map(({ name, Arguments }) => {
          const { Payload: payload } = Arguments as { Payload: Record<string, string> };
          return { name, step: payload['step'] ?? '', attempt: payload['attempt'] ?? '' };
        });
      const later = own.filter(({ step }, index) => own.findIndex((other) => other.step === step) < index);
      expect(later.filter(({ attempt }) => !attempt.startsWith('{% 2 + '))).toEqual([]);
    }
  });
});

describe('a hold', () => {
  const stops = waits.filter(({ machine, name }) => ['scale-in', 'scale-out'].includes(machine) && name !== 'Held');
  const held = (state: Named): State['Catch'] => state.Catch.filter(({ ErrorEquals }) => ErrorEquals.includes('Held'));

  it.each(table(stops))('stops %s before anything else that it could catch', (state) => {
    const [first] = stops.filter((one) => label(one) === state).flatMap(({ Catch }) => Catch);
    expect(first).toMatchObject({ ErrorEquals: ['Held'], Next: 'Held' });
  });

  it.each(['scale-in', 'scale-out'])(
    'of %s lets each state go on where it was, and a long wait where it began',
    (machine) => {
      const [resume] = states.filter((state) => state.machine === machine && state.name === 'Resume');
      const back = new Map([
        ...(resume?.Choices ?? []).map(({ Next, ['Condition']: condition }) => [String(condition), Next] as const),
      ]);
      for (const state of stops.filter((one) => one.machine === machine)) {
        const [{ Assign: assigned } = {}] = held(state) as { Assign?: { heldAt?: string } }[];
        const at = assigned?.heldAt ?? '';
        expect(at).toBe(state.name === 'LeaveOn' ? 'Leave' : state.name);
        expect(back.get(`{% $back = '${at}' %}`) ?? resume?.Default).toBe(at);
      }
    },
  );

  it('that outlasts a hook ends it as the hook would, and undoes, drains and forgets nothing', () => {
    const failing = states
      .filter(({ name }) => name === 'Held')
      .flatMap((state) =>
        state.Catch.filter(({ ErrorEquals }) => ErrorEquals.includes('States.ALL')).map(
          ({ Next }) => `${label(state)} -> ${Next}`,
        ),
      );
    expect(failing).toEqual(['scale-in > Held -> HeldOver', 'scale-out > Held -> CompleteForced']);
    const [over] = states.filter(({ name }) => name === 'HeldOver');
    expect([over?.Choices.map(({ Next }) => Next), over?.Default]).toEqual([['Retain'], 'CompleteForced']);
  });
});

describe('the lifecycle action', () => {
  /** Every path from the start to each state, without going round twice, as sets of names. */
  function paths({ StartAt, States }: Part, from = StartAt, before: readonly string[] = []): string[][] {
    const path = [...before, from];
    const state = States[from];
    // After a hold an action goes on where it was: Resume makes no path of its own.
    const onward = state === undefined || from === 'Resume' ? [] : nextOf(state);
    const next = onward.filter((name) => !path.includes(name));
    const ends = from !== 'Resume' && (state === undefined || nextOf(state).length === 0 || state.End === true);
    return [...(ends ? [path] : []), ...[...new Set(next)].flatMap((name) => paths({ StartAt, States }, name, path))];
  }

  const lifecycle = ['scale-in', 'scale-out'].flatMap((machine) =>
    partsOf(machine).flatMap((one) => paths(one).map((path) => ({ machine, path, States: one.States }))),
  );

  it('is completed on every path to every end, but where the execution ignores what others handle', () => {
    // An event that names no hook has nothing to complete.
    const named = lifecycle.filter(({ path }) => !path.join().includes('Route,Rejected'));
    const open = named.filter(({ path, States }) => !path.some((name) => completes(States[name])));
    expect(lifecycle.length - named.length).toBeLessThanOrEqual(4);

    expect(lifecycle.length).toBeGreaterThan(40);
    expect([...new Set(open.map(({ machine, path }) => `${machine} > ${path.at(-1) ?? ''}`))].toSorted()).toEqual([
      // AWS's warning has begun it: a hook that begins to wait takes the node over.
      'scale-in > Evacuated',
      'scale-in > Ignored',
      'scale-out > Ignored',
    ]);
  });

  it('is ignored only on a route that is none, or by an execution that was superseded', () => {
    const to = states.filter((state) => nextOf(state).includes('Ignored'));
    const byError = to.flatMap(({ Catch }) =>
      Catch.filter(({ Next }) => Next === 'Ignored').flatMap(({ ErrorEquals }) => ErrorEquals),
    );
    const otherwise = to.filter(
      (state) => state.Next === 'Ignored' || state.Choices.some(({ Next }) => Next === 'Ignored'),
    );

    expect(new Set(byError)).toEqual(new Set(['Superseded']));
    expect(otherwise).toEqual([]);
    expect(to.filter(({ Default }) => Default === 'Ignored').map(({ name }) => name)).toEqual(['Route', 'Route']);
  });

  it.each(table(states.filter((state) => state.Type === 'Fail' && !['recover', 'rebalance'].includes(state.machine))))(
    '%s says with its error that the action is closed, or that its hook was left open',
    (_state, { name, Error: error = '' }) => {
      const computed: Readonly<Record<string, string>> = {
        Rejected: '{% $plan.rejection %}',
        LaunchFailed: '{% $verdict.error %}',
        // No action is a tidy's: it fails with what kept it from looking or repairing.
        NotTidied: '{% $failed.Error %}',
        // Nor is what begins on a schedule one's: AWS did not answer, and the next run asks again.
        NotListed: 'AwsUnavailable',
        NotStarted: 'AwsUnavailable',
      };
      expect([...Object.keys(CLOSED_ERRORS), 'HookLeftOpen', computed[name]]).toContain(error);
    },
  );

  it('nothing that failed to complete it says that it is closed, but where the hook ends that way by itself', () => {
    const closing = states
      .filter(completes)
      .flatMap((state) => state.Catch.map(({ Next }) => `${label(state)} -> ${Next}`));

    expect(closing.toSorted()).toEqual([
      'scale-in > Complete -> Completed',
      'scale-in > CompleteForced -> ForcedThrough',
      'scale-in > CompleteRejected -> Rejected',
      'scale-in > Retain -> Retained',
      'scale-out > Abandon -> Abandoned',
      'scale-out > Complete -> Completed',
      'scale-out > CompleteForced -> ForcedThrough',
      'scale-out > CompleteRejected -> Rejected',
    ]);
  });

  it('of a launch is abandoned only after the node was drained, left and forgotten', () => {
    const judged = lifecycle.filter(({ machine, path }) => machine === 'scale-out' && path.includes('Abandon'));
    // A manager that could not be demoted stays: its verdict is CONTINUE.
    // So does an instance whose engine is in a swarm of somebody else's: there is nothing to undo.
    const kept = /(Demote|UndoRoute|Found|Prepare|Join),EndLaunch/;
    const abandoned = judged.filter(({ path }) => !kept.test(path.join()));
    const leaving = states.filter(
      ({ machine, name }) => machine === 'scale-out' && /^(Found|Prepare|Join)$/.test(name),
    );
    const notOurs = leaving.map(({ Catch }) =>
      Catch.filter(({ Next }) => Next === 'EndLaunch').flatMap((one) => one.ErrorEquals),
    );
    expect(notOurs.toSorted()).toEqual([['ForeignSwarm'], ['ForeignSwarm'], ['ForeignSwarm', 'FoundedOtherwise']]);
    expect(judged.length).toBeGreaterThan(abandoned.length);
    const [demotion] = states.filter(({ machine, name }) => machine === 'scale-out' && name === 'Demote');
    const failing = (demotion?.Catch ?? []).filter(({ Next }) => Next === 'EndLaunch');
    expect(failing).toMatchObject([{ ErrorEquals: ['States.ALL'], Assign: { undemoted: true } }]);

    expect(abandoned.length).toBeGreaterThan(0);
    for (const { path } of abandoned) {
      expect(path.filter((name) => ['Undo', 'Leave', 'Forget', 'EndLaunch', 'Abandon'].includes(name))).toEqual([
        'Undo',
        'Leave',
        'Forget',
        'EndLaunch',
        'Abandon',
      ]);
    }
  });

  it('of a manager is never abandoned after its join but by way of a demotion, and a manager joins only under the lock', () => {
    const all: Part['States'] = partsOf('scale-out')[0]?.States ?? {};
    const failing = (name: string): string[] =>
      (all[name]?.Catch ?? []).filter(({ ErrorEquals }) => ErrorEquals.includes('States.ALL')).map(({ Next }) => Next);

    expect(['Join', 'Confirm'].flatMap(failing)).toEqual(['Again', 'Again']);
    const undone = ['Join', 'Confirm'].map((name) =>
      (all[name]?.Catch ?? [])
        .filter(({ ErrorEquals }) => ErrorEquals.includes('DeadlineReached'))
        .map(({ Next }) => Next),
    );
    expect(undone).toEqual([['UndoRoute'], ['UndoRoute']]);
    expect(all['UndoRoute']?.Choices).toEqual([
      { Condition: '{% $founded %}', Next: 'EndLaunch' },
      // What serves stays in, and the function settle continues it.
      {
        Condition: "{% $plan.serves = true and $failure.Error in ['DeadlineReached', 'States.DataLimitExceeded'] %}",
        Assign: { unfinished: true },
        Next: 'EndLaunch',
      },
      { Condition: "{% $plan.route = 'join' and $plan.role = 'manager' %}", Next: 'Demote' },
    ]);
    expect(all['Route']?.Choices.map(({ Next }) => Next)).toContain('Prepare');
    expect([all['Prepare']?.Next, all['Lock']?.Next]).toEqual(['Lock', 'Join']);
  });

  it('of a launch that is undone: its tasks are told to go, and no node that has some is forgotten by force', () => {
    const undo = waits
      .filter(({ machine, Arguments }) => {
        const { Payload: payload } = Arguments as { Payload: Record<string, unknown> };
        return machine === 'scale-out' && payload['undo'] === true;
      })
      .map(({ Arguments }) => (Arguments as { Payload: Record<string, unknown> }).Payload);

    expect(undo.map(({ verb, step, force }) => [verb, step, force ?? false])).toEqual([
      ['leave', 'Depart', false],
      ['forget', 'Removed', false],
      ['demote', 'Demote', false],
      ['drain', 'Undo', false],
      ['leave', 'Leave', false],
      ['forget', 'Forget', false],
    ]);
  });

  it('of the last manager continues only after its swarm has ended, or its instance, and that is recorded', () => {
    const all: Part['States'] = partsOf('scale-in')[0]?.States ?? {};
    const to = (name: string): string[] =>
      Object.keys(all).filter((from) => from !== 'Resume' && nextOf(all[from] as State).includes(name));

    expect([to('LeaveLast'), to('Erase'), to('LastIsGone')]).toEqual([
      ['Turn'],
      ['Turn', 'LeaveLast', 'LastIsGone'],
      ['LookLast'],
    ]);
    expect(all['Turn']?.Choices).toEqual([
      { Condition: '{% $last and $gone %}', Next: 'Erase' },
      { Condition: '{% $last %}', Next: 'LeaveLast' },
    ]);
    expect([all['LastIsGone']?.Choices, all['LastIsGone']?.Default]).toEqual([
      [{ Condition: '{% $gone %}', Next: 'Erase' }],
      'Lock',
    ]);
    expect(all['LeaveLast']?.Catch.map(({ Next }) => Next)).not.toContain('Erase');
    expect([all['Erase']?.Next, all['Erase']?.Catch.map(({ Next }) => Next)]).toEqual([
      'Complete',
      ['Held', 'Retain', 'Ignored', 'Again'],
    ]);
  });

  it('of a terminate continues only after the node was drained, waited for and forgotten, or by force', () => {
    const left = lifecycle.filter(
      ({ machine, path }) =>
        machine === 'scale-in' && path.includes('Drain') && path.includes('Complete') && !path.includes('Erase'),
    );

    expect(left.length).toBeGreaterThan(0);
    for (const { path } of left) {
      // A warning has a wait of its own for the tasks.
      const at = (name: string): number => Math.max(path.indexOf(name), path.indexOf(`${name}Warned`));
      const order = ['Drain', 'Leave', 'Forget', 'Complete'].map(at);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect(order).not.toContain(-1);
    }
  });
});
