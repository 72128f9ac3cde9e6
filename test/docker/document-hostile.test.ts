// What a user of the swarm may write into a service, against the documents that read it: nothing of it is run, it forges no line, and what it
// makes unreadable is left out by name. And what the owner of a service writes while skep puts its history back.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readServices, shiftPage } from '../../src/swarm/services-page.ts';
import type { ReadServices } from '../../src/swarm/services-page.ts';
import {
  Bench,
  CLUSTER,
  initParameters,
  instance,
  joinParameters,
  nodeSchema,
  seconds,
  swarmSchema,
} from './support/bench.ts';
import type { Swarm } from './support/bench.ts';
import { render } from './support/documents.ts';

const IMAGE = 'skep/idle:1';
const CANARY = '/tmp/canary-was-here';
const LATER = '1999999999';

/** Pieces of shell, of JSON, of templates and of lines. */
const evil = fc.constantFrom(
  ...['$(canary)', '`canary`', ';canary;#', "';canary;'", '";canary;"', 'x/y/;ecanary;#', '&', '\\', '"', '\n', '\t'],
  ...['","v":0,"name":"x', '}\n{"id":"zzzzzzzzzzzzzzzzzzzzzzzzz","v":1,"name":"forged"', '{{.Task.Slot}}', 'é\u2028'],
);
const text = fc.array(
  fc.oneof(
    evil,
    fc.string({ maxLength: 8 }).map((one) => one.replaceAll('\0', '')),
  ),
  { minLength: 1, maxLength: 5 },
);
const joined: fc.Arbitrary<string> = text.map((parts) => parts.join(''));

describe('services of a hostile user', () => {
  const bench = new Bench();
  const founder = instance(1);
  let names = 0;
  let founded: Swarm | undefined;

  const docker = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await bench.machines.docker(founder, args, 30);
    if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const create = async (...options: readonly string[]): Promise<string> => {
    names += 1;
    const quiet = ['--detach', '--quiet', '--no-resolve-image', '--replicas', '0', '--update-order', 'start-first'];
    return docker('service', 'create', ...quiet, '--name', `s${names}`, ...options, IMAGE, 'true');
  };
  const inspect = (serviceId: string, format: string): Promise<string> =>
    docker('service', 'inspect', '--format', format, serviceId);
  const imageOf = (serviceId: string): Promise<string> =>
    inspect(serviceId, '{{json .Spec.TaskTemplate.ContainerSpec.Env}}');
  const shift = async (
    changes: string,
    tell = 'services',
    prelude = '',
  ): Promise<ReadServices & { refused: string[] }> => {
    const values = { cluster: CLUSTER, notAfter: String(seconds() + 600), executionTimeout: '100', changes, tell };
    const rendered = render('shift', values);
    const outcome = await bench.machines.run(founder, { ...rendered, script: `${prelude}\n${rendered.script}` });
    if (outcome.exitCode !== 0) throw new Error(JSON.stringify(outcome));
    const page = shiftPage.parse(JSON.parse(outcome.stdout));
    return { ...readServices(page, String), refused: page.refused };
  };
  const change = async (serviceId: string, kind: string, prelude = ''): Promise<string[]> =>
    (await shift(`${serviceId}@0@${kind}`, `ids:${serviceId}`, prelude)).refused;
  const canary = (): Promise<string> => bench.machines.shell(founder, `ls ${CANARY} 2>/dev/null || true`);

  beforeAll(async () => {
    await bench.machines.open();
    await bench.launch(founder);
    const swarm = swarmSchema.parse(await bench.ok(founder, 'init', initParameters(founder)));
    founded = swarm;
    const line = `printf '#!/bin/sh\\ntouch ${CANARY}\\n' >/usr/local/bin/canary && chmod 755 /usr/local/bin/canary`;
    await bench.machines.shell(founder, `mkdir -p /usr/local/bin && ${line}`);
  });

  afterAll(async () => {
    await bench.machines.close();
  });

  it('run nothing and forge nothing, whatever stands in labels, drivers, environments and constraints', async () => {
    const mark = fc.oneof(
      joined.map((one) => `exclude@1111111111@${one}`),
      joined.map((one) => `more@1111111111@${one}`),
      fc.constantFrom('more@1111111111@08', 'more@1111111111@a[$(canary)]'),
    );
    const good = await create();
    const samples = fc.sample(fc.tuple(mark, joined, joined), { numRuns: 6, seed: 13 });
    for (const [label, driver, env] of samples) {
      const mount = `type=volume,source=v,target=/v,"volume-driver=${driver.replaceAll('"', '""')}"`;
      await create(
        '--label',
        `skep.shift=${label}`,
        '--mount',
        mount,
        '--env',
        `A=${env}`,
        '--container-label',
        `x=${env}`,
      ).catch(() => create('--label', `skep.shift=${label}`, '--env', `A=${env}`));
    }
    const told = await shift('none');
    const ids = (await docker('service', 'ls', '--quiet')).split('\n');
    expect(
      // The command tells short ids.
      [...told.services.map(({ serviceId }) => serviceId), ...told.unreadable.map(({ id }) => id)]
        .map((id) => id.slice(0, 12))
        .toSorted(),
    ).toEqual(ids.toSorted());
    const others = told.services.map(({ serviceId }) => serviceId);
    const asked = others.flatMap((serviceId) => ['include', 'fewer'].map((kind) => `${serviceId}@0@${kind}`));
    const { refused } = await shift(asked.join(','));
    expect(refused).toEqual(others.flatMap((serviceId) => [`${serviceId} unmarked`, `${serviceId} unmarked`]));
    // The tidy's way to them, and one that nobody has touched is changed like ever.
    expect(await change(good, `more@${LATER}`)).toEqual([]);
    expect(await change(good, 'fewer')).toEqual([]);
    expect(await bench.ok(founder, 'inspect', { offset: '0', brief: 'no' })).toMatchObject({ total: 1 });
    expect(await canary()).toBe('');
  }, 400_000);

  /** As the engine's API takes them: the command has no words for platforms, and refuses what the engine takes. */
  const createByApi = async (
    texts: Partial<Record<'env' | 'hostname' | 'constraint' | 'os' | 'label', string>>,
  ): Promise<boolean> => {
    names += 1;
    const { env = '', hostname = '', constraint, os, label = '' } = texts;
    const spec = {
      Name: `s${names}`,
      Labels: { x: label, 'skep.note': label },
      TaskTemplate: {
        ContainerSpec: { Image: IMAGE, Command: ['true'], Env: [`A=${env}`], Hostname: hostname, Labels: { x: label } },
        Placement: {
          ...(constraint === undefined ? {} : { Constraints: [`node.labels.x==${constraint}`] }),
          ...(os === undefined ? {} : { Platforms: [{ OS: os, Architecture: os }] }),
        },
      },
      Mode: { Replicated: { Replicas: 0 } },
      UpdateConfig: { Parallelism: 1, Order: 'start-first' },
    };
    const body = Buffer.from(JSON.stringify(spec)).toString('base64');
    // One argument of a program has 128 KiB.
    await bench.machines.shell(founder, `printf %s '${body.slice(0, 100_000)}' >/tmp/spec`);
    for (let from = 100_000; from < body.length; from += 100_000) {
      await bench.machines.shell(founder, `printf %s '${body.slice(from, from + 100_000)}' >>/tmp/spec`);
    }
    const post = 'curl -s --unix-socket /var/run/docker.sock -H "Content-Type: application/json" -d @-';
    const answer = await bench.machines.shell(founder, `base64 -d </tmp/spec | ${post} http://docker/services/create`);
    return answer.includes('"ID"');
  };

  it('run nothing and forge nothing, whatever stands in platforms, constraints, hostnames and environments, up to 64 kB', async () => {
    const sized = fc
      .tuple(joined, fc.constantFrom(0, 100, 4000, 30_000, 64_000))
      .map(([text, size]) => text + 'x'.repeat(Math.max(0, size - text.length)));
    const texts = fc.record({ env: sized, hostname: joined, constraint: joined, os: sized, label: sized });
    const good = await create();
    let taken = 0;
    for (const { constraint, hostname, ...rest } of fc.sample(texts, { numRuns: 6, seed: 13 })) {
      // What the engine does not take in a constraint or as a hostname it may take everywhere else.
      for (const one of [rest, { ...rest, hostname }, { constraint }, { os: rest.os.slice(0, 60), hostname }]) {
        taken += (await createByApi(one)) ? 1 : 0;
      }
    }
    // Else nothing was tried.
    expect(taken).toBeGreaterThan(6);
    const { services, unreadable } = await shift('none');
    const ids = (await docker('service', 'ls', '--quiet')).split('\n');
    const told = [...services.map(({ serviceId }) => serviceId), ...unreadable.map(({ id }) => id)];
    expect(told.map((id) => id.slice(0, 12)).toSorted()).toEqual(ids.toSorted());
    expect(await change(good, `more@${LATER}`)).toEqual([]);
    expect(await change(good, 'fewer')).toEqual([]);
    expect(await bench.ok(founder, 'inspect', { offset: '0', brief: 'no' })).toMatchObject({ total: 1 });
    expect(await canary()).toBe('');
    // Those that are too long to be read would be told of in what follows as well.
    await docker('service', 'rm', ...ids);
  }, 400_000);

  it('are cut where they are too long, and hide no other', async () => {
    const long = await create(
      '--constraint',
      `node.labels.x==${'a'.repeat(20_000)}`,
      '--label',
      `skep.shift=${'b'.repeat(60_000)}`,
    );
    const good = await create();
    const { services, unreadable } = await shift('none');
    expect(unreadable).toMatchObject([{ id: long, name: `s${names - 1}` }]);
    expect(services.map(({ serviceId }) => serviceId)).toContain(good);
    const { marks } = await bench.ok(founder, 'inspect', { offset: '0', brief: 'no' });
    expect(JSON.stringify(marks).length).toBeLessThan(8000);
  });

  /** A service of two versions, after a hand-over that has taken its constraint away again: A=2 now, and A=1 before. */
  const handedOver = async (): Promise<string> => {
    const serviceId = await create('--env', 'A=1');
    await docker('service', 'update', '--detach', '--quiet', '--no-resolve-image', '--env-add', 'A=2', serviceId);
    expect(await change(serviceId, `exclude@${LATER}@${'n'.repeat(25)}`)).toEqual([]);
    expect(await change(serviceId, 'include')).toEqual([]);
    return serviceId;
  };
  /** Does something once, after the first write of the service itself. */
  const between = (what: string): string =>
    [
      'curl() {',
      '  command curl "$@" || return $?',
      `  case "$*" in *POST*/services/*/update*) if mkdir /tmp/between 2>/dev/null; then ${what}; fi >/dev/null 2>&1 3>&- 9>&- ;; esac`,
      '}',
      'rmdir /tmp/between 2>/dev/null || :',
    ].join('\n');
  const owner = 'docker service update --detach --quiet --no-resolve-image';

  it('go back to where their owner expects, after a hand-over', async () => {
    const serviceId = await handedOver();
    expect(await change(serviceId, 'settle')).toEqual([]);
    expect(await imageOf(serviceId)).toBe('["A=2"]');
    await docker('service', 'rollback', '--detach', '--quiet', serviceId);
    expect(await imageOf(serviceId)).toBe('["A=1"]');
    expect(await docker('config', 'ls', '--quiet', '--filter', `name=skep-shift-${serviceId}`)).toBe('');
  });

  it('keep what their owner writes between the two writes of skep, an environment only', async () => {
    const serviceId = await handedOver();
    expect(await change(serviceId, 'settle', between(`${owner} --env-add B=3 ${serviceId}`))).toEqual([
      `${serviceId} overtaken`,
    ]);
    expect(await imageOf(serviceId)).toContain('B=3');
    expect(await change(serviceId, 'settle')).toEqual([]);
    expect(await imageOf(serviceId)).toContain('B=3');
  });

  it('stay as their owner has gone back to between them', async () => {
    const serviceId = await handedOver();
    const rollback = `docker service rollback --detach --quiet ${serviceId}`;
    expect(await change(serviceId, 'settle', between(rollback))).toEqual([]);
    expect(await imageOf(serviceId)).toBe('["A=2"]');
  });

  it('are left to a person where skep ended between its writes, and nobody can tell who wrote what is there', async () => {
    const serviceId = await handedOver();
    const values = {
      cluster: CLUSTER,
      notAfter: String(seconds() + 600),
      executionTimeout: '100',
      changes: `${serviceId}@0@settle`,
      tell: `ids:${serviceId}`,
    };
    const rendered = render('shift', values);
    await bench.machines.run(founder, { ...rendered, script: `${between('kill -9 $$')}\n${rendered.script}` });
    expect(await change(serviceId, 'settle')).toEqual([`${serviceId} unclear`]);
    expect(await imageOf(serviceId)).toBe('["A=1"]');
    const { kept } = await bench.ok(founder, 'inspect', { offset: '0', brief: 'no' });
    expect(kept).toEqual([expect.stringMatching(new RegExp(`^${serviceId} \\d+ writing$`))]);
    await docker('service', 'rollback', '--detach', '--quiet', serviceId);
    expect(await change(serviceId, 'settle')).toEqual([]);
    expect(await imageOf(serviceId)).toBe('["A=2"]');
  });

  it('stay as their owner has updated them since, also to what was there before', async () => {
    const serviceId = await handedOver();
    await docker('service', 'update', '--detach', '--quiet', '--no-resolve-image', '--env-add', 'A=1', serviceId);
    expect(await change(serviceId, 'settle')).toEqual([]);
    expect(await imageOf(serviceId)).toBe('["A=1"]');
  });

  it('are told beside a node whose hostname is a program, a line and a piece of JSON', async () => {
    if (founded === undefined) throw new Error('there is no swarm');
    const worker = instance(2);
    await bench.launch(worker);
    await bench.machines.shell(
      worker,
      `printf '%s\\n%s' '","x":"$(canary)' '|;\`canary\` -' >/proc/sys/kernel/hostname`,
    );
    const { nodeId, address } = nodeSchema.parse(await bench.ok(worker, 'join', joinParameters(worker, founded)));
    expect(await docker('node', 'inspect', '--format', '{{json .Description.Hostname}}', nodeId)).toContain('canary');
    const labels = `skep.instance=${worker},skep.role=worker`;
    const confirm = { instanceId: worker, nodeId, labels, availability: 'active' };
    // Where the managers see it, and not what anybody says of it.
    expect(await bench.failure(founder, 'confirm', { ...confirm, addresses: '192.0.2.1,-' })).toBe('OtherAddress');
    const [ip = ''] = address.split(':');
    await bench.ok(founder, 'confirm', { ...confirm, addresses: `192.0.2.1,${ip}` });
    expect(await bench.ok(founder, 'inspect', { offset: '0', brief: 'no' })).toMatchObject({ total: 2 });
    const { services } = await shift('none');
    expect(services.length).toBeGreaterThan(0);
    expect(await bench.ok(founder, 'drain', { instanceId: worker, nodeId, handOver: 'no' })).toMatchObject({ nodeId });
    expect(await canary()).toBe('');
    expect(await bench.machines.shell(worker, `ls ${CANARY} 2>/dev/null || true`)).toBe('');
  });
});
