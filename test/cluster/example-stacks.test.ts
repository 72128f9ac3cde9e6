// The stacks to start from: each parses, refers to nothing that is not there, and is what its page says. They were never deployed here.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

const named = z.record(z.string(), z.looseObject({ file: z.string().optional() })).default({});
const stackFile = z.strictObject({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string(),
      networks: z.array(z.string()).min(1),
      configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
      secrets: z.array(z.string()).default([]),
      ports: z.array(z.looseObject({ target: z.int(), published: z.int() })).default([]),
      healthcheck: z.looseObject({ test: z.array(z.string()).min(2) }),
      deploy: z.looseObject({
        mode: z.enum(['replicated', 'global']).default('replicated'),
        update_config: z.looseObject({ order: z.enum(['start-first', 'stop-first']), failure_action: z.string() }),
        resources: z.looseObject({ limits: z.looseObject({ memory: z.string() }) }),
      }),
    }),
  ),
  configs: named,
  secrets: named,
  networks: named,
});

const files = globSync('examples/stacks/*/compose.yaml').toSorted();
const read = (file: string): z.infer<typeof stackFile> => stackFile.parse(parse(readFileSync(file, 'utf8')));

it('there are some, each with a page that says how it is deployed', () => {
  expect(files.map((file) => path.dirname(file).split('/').at(-1))).toEqual(['app', 'registry']);
  for (const file of files) {
    expect(readFileSync(path.join(path.dirname(file), 'README.md'), 'utf8')).toContain(
      'docker stack deploy --compose-file compose.yaml',
    );
  }
});

describe.each(files)('%s', (file) => {
  const stack = read(file);
  const services = Object.values(stack.services);

  it('refers to networks, configs, secrets and files that there are', () => {
    for (const { networks, configs, secrets } of services) {
      expect(Object.keys(stack.networks)).toEqual(expect.arrayContaining(networks));
      expect(Object.keys(stack.configs)).toEqual(expect.arrayContaining(configs.map(({ source }) => source)));
      expect(Object.keys(stack.secrets)).toEqual(expect.arrayContaining(secrets));
    }
    const missing = Object.values(stack.configs).filter(
      ({ file: name = '' }) => !existsSync(path.join(path.dirname(file), name)),
    );
    expect(missing).toEqual([]);
  });

  it('has whoever deploys it say the image', () => {
    expect(services.filter(({ image }) => !/^\$\{[A-Z_]+:\?[^}]+by its digest\}$/.test(image))).toEqual([]);
  });

  it('starts the next task first wherever it may', () => {
    const replicated = services.filter(({ deploy }) => deploy.mode === 'replicated');
    expect(replicated.filter(({ deploy }) => deploy.update_config.order !== 'start-first')).toEqual([]);
  });
});

describe('the registry', () => {
  const { registry } = read('examples/stacks/registry/compose.yaml').services;
  const settings: unknown = parse(readFileSync('examples/stacks/registry/config.yml', 'utf8'));

  it('is on every node, and nobody but the node reaches it', () => {
    expect(registry).toMatchObject({ deploy: { mode: 'global' }, networks: ['host'], ports: [] });
    expect(settings).toMatchObject({ http: { addr: '127.0.0.1:5000' } });
  });

  it('has its secret from Docker, and no credentials of AWS', () => {
    expect(settings).toMatchObject({ http: { secret: '{{ secret "http-secret" }}' } });
    expect(JSON.stringify(settings)).not.toMatch(/accesskey|secretkey/i);
  });
});

it('the app is at the port that the load balancer of a cluster has by default', () => {
  const template = readFileSync('cluster/cluster.yaml', 'utf8');
  const [, port] = /\n {2}LoadBalancerPort:\n(?: {4}.*\n)*? {4}Default: (\d+)\n/.exec(template) ?? [];
  expect(read('examples/stacks/app/compose.yaml').services['web']?.ports[0]?.published).toBe(Number(port));
});
