// The packaged template, as the template tests look at it. Packaging is cached, so every test file may ask.
import { readFileSync } from 'node:fs';

import { loadStack } from '../../lab/aws/stack/load-stack.ts';
import { packageService } from '../../lab/aws/stack/package-service.ts';
import type { PolicyStatement, Stack } from '../../lab/aws/stack/stack.ts';
import { parseTemplate, type Template } from '../../lab/aws/stack/template.ts';

export const PLACE = { account: '123456789012', region: 'eu-west-1', partition: 'aws' };

/** Packaging from scratch takes some seconds on an idle machine, and tests rarely have one. */
export const PACKAGING_TIMEOUT = 120_000;

export async function packaged(stage: string): Promise<{ stack: Stack; template: Template; text: string }> {
  const service = await packageService({ stage });
  const text = readFileSync(service.template, 'utf8');
  return { stack: loadStack(service, PLACE), template: parseTemplate(JSON.parse(text)), text };
}

export function roleOf(stack: Stack, arn: string): { name: string; statements: readonly PolicyStatement[] } {
  const role = stack.roles.find((it) => it.arn === arn);
  if (role === undefined) throw new Error(`no role ${arn}`);
  return { name: role.name, statements: role.policies.flatMap(({ document }) => document.Statement) };
}

export const list = (value: string | readonly string[] | undefined): readonly string[] => [value ?? []].flat();

export const actionsOf = (statements: readonly PolicyStatement[]): readonly string[] =>
  [...new Set(statements.flatMap((it) => list(it.Action)))].sort();
