import { describe, expect, it } from '@jest/globals';

import { asHeard, outcomeOf } from '../../../../src/core/steps/result.ts';
import type { Invocation } from '../../../../src/core/steps/result.ts';
import { EXIT_CODES } from '../../../../src/core/exit-codes.ts';

const invocation = (changes: Partial<Invocation>): Invocation => ({
  status: 'Failed',
  statusDetails: 'Failed',
  responseCode: 1,
  stdout: '',
  stderr: '',
  ...changes,
});

describe('how a command ended', () => {
  it.each(['Pending', 'InProgress', 'Delayed', 'Cancelling'])('%s: it has not', (status) => {
    expect(outcomeOf('drain', invocation({ status, statusDetails: status, responseCode: -1 }))).toBeUndefined();
  });

  it('well: the last line is the output, whatever docker printed before it', () => {
    const stdout = 'Node left the swarm.\n{"not":"the last"}\n{"nodeId":"abc","zone":"eu-west-1a"}\n\n';

    expect(
      outcomeOf('drain', invocation({ status: 'Success', statusDetails: 'Success', responseCode: 0, stdout })),
    ).toEqual({
      ok: true,
      output: { nodeId: 'abc', zone: 'eu-west-1a' },
    });
  });

  it.each(['', 'joined', '{"nodeId":"abc"', '["a"]', 'null', '7'])(
    'well, but with %j as its last line: not what our documents do',
    (stdout) => {
      expect(outcomeOf('drain', invocation({ status: 'Success', responseCode: 0, stdout }))).toMatchObject({
        ok: false,
        error: 'ScriptLost',
        retryable: true,
      });
    },
  );

  it.each([
    ['a list in an object, eight levels deep', '{"a":[[[[[[[1]]]]]]]}', true],
    ['nine levels deep', '{"a":[[[[[[[[1]]]]]]]]}', false],
    ['null', '{"a":null}', true],
    ['a list, whose places are no names', '{"a":["x","y"]}', true],
    ['a name that is none, beside one that is', '{"a":1,"b c":1}', false],
    ['a number that is not whole, in a list beside one that is', '{"a":[1,1.5]}', false],
  ])('well, with %s: kept only if the table can keep it', (_what, stdout, isKept) => {
    const outcome = outcomeOf('drain', invocation({ status: 'Success', responseCode: 0, stdout }));

    expect(outcome).toMatchObject(
      isKept ? { ok: true, output: JSON.parse(stdout) as object } : { error: 'ScriptLost' },
    );
  });

  it.each(EXIT_CODES)('exit code $code: $error', ({ code, error, meaning, remedy }) => {
    expect(outcomeOf('confirm', invocation({ responseCode: code }))).toEqual({
      ok: false,
      error,
      retryable: !['UnknownNode', 'LeavingNode', 'Autolocked'].includes(error),
      cause: `${meaning} (exit code ${code}; ${remedy})`,
    });
  });

  it('no Docker on a manager that was asked is tried on the next; on an instance that is to join it is the end', () => {
    const failed = invocation({ responseCode: 20 });

    expect(outcomeOf('drain', failed)).toMatchObject({ error: 'DockerMissing', retryable: true });
    expect(outcomeOf('join', failed)).toMatchObject({ error: 'DockerMissing', retryable: false });
  });

  it.each([0, 1, 2, 124, 127, 137, 168, 169, 194, -1])(
    'exit code %s is not one of ours: without our JSON the script was lost, with it the document is at fault',
    (responseCode) => {
      const stdout = '{"error":"DockerFailed","message":"m"}\n';

      expect(outcomeOf('drain', invocation({ responseCode }))).toMatchObject({ error: 'ScriptLost', retryable: true });
      expect(outcomeOf('drain', invocation({ responseCode, stdout }))).toMatchObject({
        error: 'CommandFailed',
        retryable: true,
      });
    },
  );

  it('an answer that the agent has cut off is lost', () => {
    const stdout = `{"nodes":"${'x'.repeat(23_980)}--output truncated--`;

    expect(outcomeOf('inspect', invocation({ status: 'Success', responseCode: 0, stdout }))).toMatchObject({
      error: 'ScriptLost',
      retryable: true,
    });
  });

  it.each([
    ['TimedOut', 'Execution Timed Out', 'CommandTimedOut', true],
    ['TimedOut', 'ExecutionTimedOut', 'CommandTimedOut', true],
    ['TimedOut', 'Delivery Timed Out', 'CommandUndelivered', true],
    ['TimedOut', 'DeliveryTimedOut', 'CommandUndelivered', true],
    ['Failed', 'Undeliverable', 'CommandUndelivered', true],
    ['Failed', 'Terminated', 'CommandCancelled', true],
    ['Cancelled', 'Cancelled', 'CommandCancelled', true],
    ['Canceled', 'Canceled', 'CommandCancelled', true],
    ['Failed', 'Access Denied', 'ScriptLost', true],
    ['Failed', 'InvalidPlatform', 'ScriptLost', true],
  ])('%s (%s): %s', (status, statusDetails, error, retryable) => {
    expect(outcomeOf('drain', invocation({ status, statusDetails, responseCode: -1 }))).toMatchObject({
      ok: false,
      error,
      retryable,
    });
  });

  it("the cause is the document's own message before the table's, with the end of what it said on stderr", () => {
    const outcome = outcomeOf(
      'drain',
      invocation({
        responseCode: 32,
        stdout: '{"error":"JoinFailed","message":"10.0.1.11:2377 refused"}\n',
        stderr: `${'x'.repeat(1000)}the end \n`,
      }),
    );

    expect(outcome).toMatchObject({ error: 'JoinFailed' });
    expect(outcome).toHaveProperty(
      'cause',
      expect.stringMatching(/^10\.0\.1\.11:2377 refused \(exit code 32; open 2377/),
    );
    expect(outcome).toHaveProperty('cause', expect.stringMatching(/; stderr: x{493}the end$/));
  });

  it('a message of a document does not change the error: the exit code is what counts', () => {
    expect(
      outcomeOf('drain', invocation({ responseCode: 11, stdout: '{"error":"JoinFailed","message":"m"}' })),
    ).toMatchObject({
      error: 'Busy',
    });
  });
});

describe('JSON that the table could not keep', () => {
  it.each([
    ['a member that is every object’s own', '{"__proto__":{"ok":true}}'],
    ['one deep within', '{"a":[{"__proto__":1}]}'],
    ['a name that no document has', '{"":1}'],
    ['a number without an end', '{"nodeId":1e400}'],
    ['a number without an exact value', '{"n":9007199254740993}'],
    ['a nest without an end', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
  ])('is no answer: %s', (_, stdout) => {
    const outcome = outcomeOf('drain', invocation({ status: 'Success', responseCode: 0, stdout: `${stdout}\n` }));

    expect(outcome).toMatchObject({ ok: false, error: 'ScriptLost', retryable: true });
  });
});

describe('a founding that is heard of', () => {
  const founded = { ok: true, output: { swarmId: 'of a node that may be gone' } } as const;

  it.each([970, 1000, 1001])('soon is believed (ended at %s or later)', (notBefore) => {
    expect(asHeard('init', founded, notBefore, 1000)).toBe(founded);
  });

  it('late is asked again, since it is recorded for ever', () => {
    expect(asHeard('init', founded, 969, 1000)).toEqual({
      ok: false,
      error: 'HeardTooLate',
      cause: 'the founding may have ended 31 s ago',
      retryable: true,
    });
  });

  it('as a failure is believed however late, and so is anything else', () => {
    const failed = { ok: false, error: 'InitFailed', cause: 'c', retryable: false } as const;

    expect(asHeard('init', failed, 0, 1000)).toBe(failed);
    expect(asHeard('join', founded, 0, 1000)).toBe(founded);
  });
});
