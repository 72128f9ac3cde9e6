// A test runner for Stryker that loads the tests about the core once, in plain Node as `npm test` does, and then switches one mutant on after the other: Jest's
// own runtime, which Stryker's plugin for Jest uses, loads all modules anew for each mutant, which takes seven seconds of the processor instead
// of a fraction of one.
import { globSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Circus } from '@jest/types';

const inProject = (file: string): string => pathToFileURL(path.resolve(file)).href;

await import(inProject('node_modules/jest-light-runner/src/global-setup.js'));
await import(inProject('test/support/plain-node.ts'));
const { getState, resetState } = await import('jest-circus');

const Native = WeakMap;
let mutants = 0;
/** What the core keeps of the lists that it was given is of one mutant: the next one would go by it otherwise, since tests share lists. */
class WeakMapOfOneMutant<Key extends WeakKey, Value> extends Native<Key, Value> {
  readonly #isOfCore = new Error().stack?.includes('/src/core/') === true;
  #at = mutants;
  #kept = new Native<Key, Value>();

  get #present(): WeakMap<Key, Value> {
    if (this.#isOfCore && this.#at !== mutants) {
      this.#at = mutants;
      this.#kept = new Native();
    }
    return this.#kept;
  }

  override get(key: Key): Value | undefined {
    return this.#present.get(key);
  }

  override has(key: Key): boolean {
    return this.#present.has(key);
  }

  override delete(key: Key): boolean {
    return this.#present.delete(key);
  }

  override set(key: Key, value: Value): this {
    this.#present.set(key, value);
    return this;
  }
}
const fastCheck = await import('fast-check');
// What fails has failed: the smallest example of it is of no use here.
fastCheck.configureGlobal({ endOnFailure: true });

/** Those of the core, and of who does what it decides; not those that wait for real time. */
const TESTS = ['test/{unit/{core,steps,operations,swarm},fixtures}/**/*.test.ts', 'test/cluster/file.test.ts'];

/** Stryker's own, in the instrumented code. */
interface Namespace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { readonly static: object; readonly perTest: object } | undefined;
}

const stryker: Namespace = ((globalThis as { __stryker__?: Namespace }).__stryker__ ??= {});

interface Test {
  readonly id: string;
  readonly run: () => Promise<void>;
  timeSpentMs: number;
}

type Hooks = 'beforeAll' | 'beforeEach' | 'afterEach';

function hooksOf(block: Circus.DescribeBlock, type: Hooks): Circus.TestFn[] {
  const own = block.hooks.filter((hook) => hook.type === type).map(({ fn }) => fn);
  const outer = block.parent === undefined ? [] : hooksOf(block.parent, type);
  return type.startsWith('before') ? [...outer, ...own] : [...own, ...outer];
}

/** Of all tests: what they have open stays so until the process ends, since the next mutant needs it too. */
const begun = new Set<Circus.TestFn>();

async function run(entry: Circus.TestEntry): Promise<void> {
  const { parent, fn } = entry;
  const call = async (one: Circus.TestFn): Promise<void> => {
    await (one as () => unknown)();
  };
  for (const before of hooksOf(parent, 'beforeAll').filter((hook) => !begun.has(hook))) {
    begun.add(before);
    await call(before);
  }
  for (const before of hooksOf(parent, 'beforeEach')) {
    await call(before);
  }
  try {
    await call(fn);
  } finally {
    for (const after of hooksOf(parent, 'afterEach')) {
      await call(after);
    }
  }
}

async function load(): Promise<Map<string, Test>> {
  const tests = new Map<string, Test>();
  globalThis.WeakMap = WeakMapOfOneMutant;
  for (const file of globSync(TESTS).toSorted()) {
    resetState();
    await import(inProject(file));
    const gather = (block: Circus.DescribeBlock, names: readonly string[]): void => {
      for (const child of block.children) {
        const all = [...names, child.name];
        if (child.type === 'describeBlock') {
          gather(child, all);
        } else {
          const name = `${file}: ${all.join(' > ')}`;
          const id = tests.has(name) ? `${name} (${tests.size})` : name;
          tests.set(id, { id, run: () => run(child), timeSpentMs: 0 });
        }
      }
    };
    gather(getState().rootDescribeBlock, []);
  }
  return tests;
}

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly mutantActivation: 'runtime' | 'static';
}

class CoreRunner {
  #tests: Promise<Map<string, Test>> | undefined;

  /**
   * Stryker asks for modules that are loaded anew where a mutant is also in force while they are loaded. It is switched on for single tests even so
   * (`ignoreStatic`), and what was loaded before is without mutants in any case: nothing needs to be loaded again.
   */
  capabilities(): { readonly reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  async dryRun(): Promise<unknown> {
    const tests = await this.#load();
    const results = [];
    for (const test of tests.values()) {
      stryker.currentTestId = test.id;
      const failure = await this.#failureOf(test);
      const told = { id: test.id, name: test.id, timeSpentMs: test.timeSpentMs };
      results.push({ ...told, ...(failure === undefined ? { status: 0 } : { status: 1, failureMessage: failure }) });
    }
    stryker.currentTestId = undefined;
    return { status: 'complete', tests: results, mutantCoverage: stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }: MutantRun): Promise<unknown> {
    if (mutantActivation === 'static') {
      throw new Error('a mutant that is only in force while modules are loaded: leave ignoreStatic on');
    }
    const all = await this.#load();
    mutants += 1;
    const tests = [...all.values()].filter(({ id }) => testFilter?.includes(id) !== false);
    // Examples before properties, which take longer.
    tests.sort((one, other) => one.timeSpentMs - other.timeSpentMs);
    Object.assign(stryker, {
      activeMutant: activeMutant.id,
      hitLimit,
      hitCount: hitLimit === undefined ? undefined : 0,
    });
    try {
      for (const [index, test] of tests.entries()) {
        const failureMessage = await this.#failureOf(test);
        if (stryker.hitCount !== undefined && stryker.hitCount > (hitLimit ?? 0)) {
          return { status: 'timeout', reason: 'it was reached too often' };
        }
        if (failureMessage !== undefined) {
          return { status: 'killed', killedBy: [test.id], failureMessage, nrOfTests: index + 1 };
        }
      }
      return { status: 'survived', nrOfTests: tests.length };
    } finally {
      Object.assign(stryker, { activeMutant: undefined, hitLimit: undefined, hitCount: undefined });
    }
  }

  #load(): Promise<Map<string, Test>> {
    this.#tests ??= load();
    return this.#tests;
  }

  async #failureOf(test: Test): Promise<string | undefined> {
    const started = performance.now();
    try {
      await test.run();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      test.timeSpentMs = Math.max(test.timeSpentMs, Math.ceil(performance.now() - started));
    }
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'core', injectableClass: CoreRunner }];
