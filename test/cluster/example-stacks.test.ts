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
      volumes: z.array(z.string()).default([]),
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
  volumes: z.record(z.string(), z.looseObject({})).default({}),
});

const files = globSync('examples/stacks/*/compose.yaml').toSorted();
const read = (file: string): z.infer<typeof stackFile> =>
  stackFile.parse(parse(readFileSync(file, 'utf8'), { merge: true }));

it('there are some, each with a page that says how it is deployed', () => {
  expect(files.map((file) => path.dirname(file).split('/').at(-1))).toEqual(['app', 'openbao', 'registry']);
  for (const file of files) {
    expect(readFileSync(path.join(path.dirname(file), 'README.md'), 'utf8')).toContain(
      'docker stack deploy --compose-file compose.yaml',
    );
  }
});

describe.each(files)('%s', (file) => {
  const stack = read(file);
  const services = Object.values(stack.services);

  it('refers to networks, configs, secrets, volumes and files that there are', () => {
    for (const { networks, configs, secrets, volumes } of services) {
      expect(Object.keys(stack.volumes)).toEqual(expect.arrayContaining(volumes.map((one) => one.split(':')[0])));
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

  // Docker takes what comes after a hyphen for a default, and deploys with that.
  it('says what is missing in words without a hyphen', () => {
    const variables = readFileSync(file, 'utf8').match(/\$\{[^}]*\}/g) ?? [];
    expect(variables.filter((one) => !/^\$\{[A-Z_]+:\?[^-]+\}$/.test(one))).toEqual([]);
  });

  it('starts the next task first wherever it may', () => {
    // Two tasks cannot have one volume on one node.
    const replicated = services.filter(({ deploy, volumes }) => deploy.mode === 'replicated' && volumes.length === 0);
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

describe('OpenBao', () => {
  const { services } = read('examples/stacks/openbao/compose.yaml');
  const settings = readFileSync('examples/stacks/openbao/settings.hcl', 'utf8');
  const { services: raw } = parse(readFileSync('examples/stacks/openbao/compose.yaml', 'utf8'), { merge: true }) as {
    services: Record<string, { environment: unknown; deploy: { placement: { constraints: string[] } } }>;
  };

  it('has three servers in three zones, each of which knows the names of all', () => {
    const names = Object.keys(services);
    expect(names).toHaveLength(3);
    const zones = Object.values(raw).map(({ deploy }) => deploy.placement.constraints[1]);
    expect(new Set(zones).size).toBe(3);
    for (const name of names) {
      expect(raw[name]?.environment).toEqual({ SERVER: name });
      expect(settings).toContain(`leader_api_addr     = "https://${name}:8200"`);
    }
  });

  it('names only secrets that it is given, and shows nothing to anybody outside', () => {
    const used = [...settings.matchAll(/\/run\/secrets\/([a-z-]+)/g)].map(([, name]) => name);
    expect([...new Set(used)].toSorted()).toEqual(services['first']?.secrets.toSorted());
    expect(Object.values(services).flatMap(({ ports }) => ports)).toEqual([]);
    expect(settings).not.toContain('tls_disable');
  });
});
