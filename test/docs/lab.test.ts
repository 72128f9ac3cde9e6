// docs/lab.md against the lab: its scenario format, its result, its operations; and its examples run.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import dynalite from 'dynalite';
import { z } from 'zod';

import { resultText } from '../../cli/tables.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import type { ScenarioResult } from '../../lab/scenario/result.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { runScenario } from '../../lab/scenario/play.ts';
import { scenarioSchema } from '../../lab/scenario/schema.ts';

const page = readFileSync('docs/lab.md', 'utf8');
const examples = [...page.matchAll(/<!-- runs -->\s+```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

/** Every key that the schema takes, at any depth. Keys of records are the writer's own. */
function keysOf(schema: z.core.$ZodType, found = new Set<string>()): Set<string> {
  if (schema instanceof z.ZodObject) {
    const shape: Record<string, z.core.$ZodType> = schema.shape;
    for (const [key, field] of Object.entries(shape)) {
      found.add(key);
      keysOf(field, found);
    }
  }
  for (const inner of within(schema)) {
    keysOf(inner, found);
  }
  return found;
}

function within(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) {
    return schema.options;
  }
  if (schema instanceof z.ZodArray) {
    return [schema.element];
  }
  if (schema instanceof z.ZodRecord) {
    return [schema.valueType];
  }
  if (schema instanceof z.ZodPipe) {
    return [schema.in];
  }
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? [schema.unwrap()]
    : [];
}

describe('the scenario format in docs/lab.md', () => {
  const keys = keysOf(scenarioSchema);

  it('is looked through to its depths', () => {
    expect([...keys]).toEqual(expect.arrayContaining(['seed', 'dockerAfter', 'stopGrace', 'onNodes', 'by', 'max']));
  });

  it.each([...keys])('has the key %s', (key) => {
    expect(page).toContain(`\`${key}\``);
  });
});

/** `expectations[].what` of a result; what is a map by nature is one field. */
function fieldsOf(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, field]: [string, unknown]) => {
    const name = `${path}${key}`;
    if (!Array.isArray(field) || typeof field[0] !== 'object') {
      return [name];
    }
    const deeper = path === '' ? fieldsOf(field[0] as object, `${name}[].`) : [];
    return [`${name}[]`, ...deeper];
  });
}

describe('the examples in docs/lab.md', () => {
  const results: ScenarioResult[] = [];

  it('are there', () => {
    expect(examples).toHaveLength(4);
  });

  it.each(examples)('run and hold: %#', async (text) => {
    const result = await runScenario(parseScenario(text, 'docs/lab.md'), { nodes: 'simulated' });
    results.push(result);

    expect(result.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.ok).toBe(true);
  });

  it('print what became of requests, one row for each measure that has a name', () => {
    const texts = results.filter(({ requests }) => requests.length > 0).map(resultText);
    expect(texts).toHaveLength(1);
    const rows = texts.join().match(/^.* {2}web {2}.*$/gm) ?? [];
    expect(rows.map((row) => row.split('  ')[0])).toEqual(['nothing happens', 'drained by hand']);
  });

  it('have results with the fields that the page lists, and no others', () => {
    const section = page.slice(page.indexOf('## The result'), page.indexOf('## Nodes:'));
    const listed = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, field = '']) => field);
    const [result] = results;
    expect(listed.toSorted()).toEqual(fieldsOf(result ?? {}).toSorted());
    for (const inner of [result?.groups[0]?.instances[0], result?.hooks]) {
      for (const key of Object.keys(inner ?? {})) {
        expect(section).toContain(`\`${key}\``);
      }
    }
  });
});

describe('the operations in docs/lab.md', () => {
  const section = page.slice(page.indexOf('### Services and operations'), page.indexOf('### What has no operation'));
  const listed = [...section.matchAll(/^\| `(\w+)` +\| ((?:`\w+`(?:, )?)+) +\|/gm)].flatMap(
    ([, service = '', names = '']) => [...names.matchAll(/\w+/g)].map(([name]) => `${service}.${name}`),
  );

  it('are those that a lab answers', async () => {
    const scenario = parseScenario('name: none\ngroups: {}\nsteps: []\n', 'none');
    const { lab } = await ScenarioRun.open(scenario, { nodes: 'simulated' });
    const { operations } = lab.endpoint;
    await lab.close();
    expect(listed.toSorted()).toEqual([...operations].toSorted());
  });

  it('of DynamoDB are dynalite’s, and transactions', async () => {
    const server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = z.object({ port: z.number() }).parse(server.address());
    const unknown: string[] = [];
    for (const operation of listed.filter((it) => it.startsWith('dynamodb.'))) {
      const response = await fetch(`http://127.0.0.1:${address.port}/`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `DynamoDB_20120810.${operation.replace('dynamodb.', '')}`,
        },
        body: '{}',
      });
      if ((await response.text()).includes('UnknownOperationException')) {
        unknown.push(operation);
      }
    }
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
    expect(unknown).toEqual(['dynamodb.TransactWriteItems']);
  });
});
