// docs/security.md against the template: whoever has a role, and whatever is allowed on everything, stands in it.
import { globSync, readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';

import type { Stack } from '../../lab/aws/stack/stack.ts';
import { list, packaged, PACKAGING_TIMEOUT } from '../template/packaged.ts';

const page = readFileSync('docs/security.md', 'utf8');
let stack: Stack;
beforeAll(async () => {
  ({ stack } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

describe('docs/security.md', () => {
  it('has every function and machine in its table of roles', () => {
    const owners = [
      ...stack.functions.map(({ name }) => `function \`${name.replace('skep-dev-', '')}\``),
      ...stack.stateMachines.map(({ name }) => `machine \`${name.replace('skep-dev-', '')}\``),
    ];
    expect(owners.length).toBe(16);
    expect(owners.filter((owner) => !page.includes(`| ${owner}`))).toEqual([]);
  });

  it('has every action that is allowed on everything, but those of logging, which it counts', () => {
    const broad = stack.roles
      .flatMap(({ policies }) => policies.flatMap(({ document }) => document.Statement))
      .filter((statement) => list(statement.Resource).includes('*'))
      .flatMap((statement) => list(statement.Action));
    const actions = new Set(broad);
    const logs = [...actions].filter((action) => action.startsWith('logs:'));
    expect(logs).toHaveLength(8);
    const others = [...actions].filter((action) => !logs.includes(action)).map((action) => action.split(':')[1] ?? '');
    expect(others.filter((name) => !new RegExp(`\`(\\w+:)?${name}\``).test(page))).toEqual([]);
  });

  it('names every document, the key and the policies of nodes as the stack does', () => {
    expect(stack.documents.filter(({ verb }) => !page.includes(verb))).toEqual([]);
    const names = [...stack.keys.flatMap(({ aliases }) => aliases), ...stack.managedPolicies.map(({ name }) => name)];
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect(page).toContain(`\`${name.replace('dev', '<stage>').replace('eu-west-1', '<region>')}\``);
    }
  });

  it('says of each service that a role of skep calls, and of passing roles and putting events, what somebody else can do with it', () => {
    const [, tables = ''] = /\n## What each permission allows\n([^]*?)\n## /.exec(page) ?? [];
    const rows = tables.split('\n').filter((line) => /^\| (?!-|permission|who)/.test(line));
    expect(rows.length).toBeGreaterThan(40);
    expect(
      rows.filter((row) =>
        row
          .split('|')
          .slice(1, -1)
          .some((cell) => cell.trim() === ''),
      ),
    ).toEqual([]);
    const called = stack.roles.flatMap(({ policies }) =>
      policies.flatMap(({ document }) => document.Statement.flatMap(({ Action }) => list(Action))),
    );
    const services = new Set(called.map((action) => action.split(':')[0] ?? ''));
    // A log is written, and never read.
    services.delete('logs');
    const told = [...services, 'kms', 'iam', 'events'].map((service) => `\`${service}:`);
    expect(told.filter((start) => !tables.includes(`| ${start}`))).toEqual([]);
  });

  it('names tests that there are', () => {
    const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((file) => globSync(file).length === 0)).toEqual([]);
  });
});
