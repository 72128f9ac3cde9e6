// docs/lab.md against the lab: its scenario format, its result, its operations; and its examples run.
import { readFileSync } from 'node:fs';

import { afterAll, describe, expect, it } from '@jest/globals';
import dynalite from 'dynalite';
import { z } from 'zod';

import { resultText } from '../../cli/tables.ts';
import { Clock } from '../../lab/time/clock.ts';
import { SimulatedMachines } from '../../lab/nodes/simulated/simulated-machines.ts';
import { seededRandom } from '../../lab/time/random.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import type { ScenarioResult } from '../../lab/scenario/result.ts';
import { runScenario } from '../../lab/scenario/play.ts';
import { scenarioSchema } from '../../lab/scenario/schema.ts';
import { autoScalingApi } from '../../lab/aws/services/auto-scaling-api.ts';
import { ShownMembers } from '../../lab/aws/services/shown-members.ts';
import { AutoScaling } from '../../lab/aws/services/auto-scaling.ts';
import { Ec2 } from '../../lab/aws/services/ec2.ts';
import { ParameterStore } from '../../lab/aws/services/parameter-store.ts';
import { queuesApi } from '../../lab/aws/services/queues.ts';
import { RunCommand } from '../../lab/aws/services/run-command.ts';
import { securityToken } from '../../lab/aws/services/security-token.ts';
import type { Service } from '../../lab/aws/services/service.ts';
import { States } from '../../lab/aws/services/states.ts';
import { Topics } from '../../lab/aws/services/topics.ts';
import { PERSON } from '../../lab/aws/iam/access-keys.ts';
import { Lambda } from '../../lab/aws/lambda.ts';

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
    const rows = texts.join().match(/^│ .* │ web .*$/gm) ?? [];
    expect(rows.map((row) => row.split('│')[1]?.trim())).toEqual(['nothing happens', 'drained by hand']);
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
  const clock = new Clock({ virtual: true, start: 0 });
  const section = page.slice(page.indexOf('### Services and operations'), page.indexOf('### What has no operation'));
  const listed = [...section.matchAll(/^\| `(\w+)` +\| ((?:`\w+`(?:, )?)+) +\|/gm)].flatMap(
    ([, service = '', names = '']) => [...names.matchAll(/\w+/g)].map(([name]) => `${service}.${name}`),
  );

  afterAll(() => {
    clock.stop();
  });

  it('are those of the services', () => {
    const real = services(clock).flatMap(({ name, operations }) =>
      Object.keys(operations).map((it) => `${name}.${it}`),
    );
    expect(listed.filter((it) => !it.startsWith('dynamodb.')).toSorted()).toEqual(real.toSorted());
  });

  it('are those of all services that a lab has', () => {
    const [, list = ''] = /services: \[(.*?)\]/s.exec(readFileSync('lab/lab.ts', 'utf8')) ?? [];
    expect(list.split(',')).toHaveLength(services(clock).length);
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

const ignore = (): void => undefined;

/** The services of a lab, with nothing in them. */
function services(clock: Clock): readonly Service[] {
  const random = seededRandom(1);
  const nowhere = { metadata: unreachable, aws: unreachable };
  const ec2 = new Ec2({ clock, random, machines: new SimulatedMachines(clock, random, nowhere), onDefect: ignore });
  const emit = ignore;
  const autoScaling = new AutoScaling({ clock, random, ec2, healthCheckEvery: 1000, emit, onMember: emit });
  const machines = new SimulatedMachines(clock, random, nowhere);
  const lambda = new Lambda({
    clock,
    random,
    functions: [],
    endpoint: 'http://nowhere:1',
    serve: unreachable,
    region: '',
    credentials: () => PERSON,
    onLog: emit,
  });
  return [
    autoScalingApi(autoScaling, new ShownMembers(clock, undefined), () => ({ ActivityId: '', StartTime: new Date(0) })),
    ec2,
    new RunCommand({ clock, random, ec2, machines, documents: [], deliveryLatency: 0, emit, onDefect: emit }),
    new ParameterStore([]),
    new States({ clock, random, machines: [], lambda, call: unreachable, authorize: emit, emit, onEvent: emit }),
    securityToken('123456789012', () => ''),
    new Topics(clock, random, []),
    queuesApi([]),
  ];
}

function unreachable(): Promise<never> {
  return Promise.reject(new Error('nothing is there'));
}
