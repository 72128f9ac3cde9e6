// A package that was kept when it was released: the template as a text that a person can read and compare, the bundles of the functions in one
// compressed file. `scripts/keep-release.ts` writes it.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { z } from 'zod';

import type { PackagedService } from './package-service.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const UNPACKED = path.join(PROJECT, '.build', 'kept-releases');

const TEMPLATE = 'template.json';
const FUNCTIONS = 'functions.json.br';
const ABOUT = 'release.json';

/** There is no kept release, or it is not what it should be. */
export class BadRelease extends Error {
  override readonly name = 'BadRelease';
}

const aboutRelease = z.strictObject({
  version: z.string().min(1),
  /** The commit that it was packaged from. */
  revision: z.string().regex(/^[0-9a-f]{40}$/),
  stage: z.string().min(1),
});
type AboutRelease = z.infer<typeof aboutRelease>;

const bundles = z.record(z.string().regex(/^functions\/[a-z-]+\.js$/), z.string().min(1));

/** In place of a text that is JSON itself, as definitions of state machines are. */
const AS_JSON = 'skep::json';
/** In place of a text of several lines, as scripts are. */
const AS_LINES = 'skep::lines';

/** As a person reads it: each line of a script and each state of a machine on a line of its own. */
function readable(value: unknown): unknown {
  if (typeof value === 'string') {
    const inner = jsonIn(value);
    if (inner !== undefined) return { [AS_JSON]: readable(inner) };
    return value.includes('\n') ? { [AS_LINES]: value.split('\n') } : value;
  }
  return mapped(value, readable);
}

/** The reverse of `readable`. */
function deployable(value: unknown): unknown {
  if (isRecord(value) && AS_JSON in value) return JSON.stringify(deployable(value[AS_JSON]));
  if (isRecord(value) && AS_LINES in value) return z.array(z.string()).parse(value[AS_LINES]).join('\n');
  return mapped(value, deployable);
}

function mapped(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)])) : value;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only where the same text comes out of it again. */
function jsonIn(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Bundles have much in common: compressed together they take a third of what their zips take. */
const TOGETHER = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  },
};

export function writeKeptRelease(folder: string, packaged: PackagedService, about: AboutRelease): void {
  const template: unknown = JSON.parse(readFileSync(packaged.template, 'utf8'));
  const codes = handlersIn(template).map((file) => [file, readFileSync(path.join(packaged.code, file), 'utf8')]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, TEMPLATE), `${JSON.stringify(readable(template), undefined, 1)}\n`);
  writeFileSync(
    path.join(folder, FUNCTIONS),
    brotliCompressSync(JSON.stringify(bundles.parse(Object.fromEntries(codes))), TOGETHER),
  );
  writeFileSync(path.join(folder, ABOUT), `${JSON.stringify(about, undefined, 2)}\n`);
}

const resources = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.looseObject({}).optional() })),
});

function handlersIn(template: unknown): string[] {
  const functions = Object.values(resources.parse(template).Resources).filter(
    ({ Type }) => Type === 'AWS::Lambda::Function',
  );
  return functions.map(({ Properties }) => String(Properties?.['Handler']).replace(/\.[^.]+$/, '.js')).toSorted();
}

/** Unpacks it where packages are kept, once for each content. */
export function readKeptRelease(folder: string): PackagedService {
  const read = (name: string): Buffer => {
    try {
      return readFileSync(path.resolve(PROJECT, folder, name));
    } catch {
      throw new BadRelease(`${folder} has no ${name}: it is no release that scripts/keep-release.ts has written`);
    }
  };
  const [template, code, about] = [read(TEMPLATE), read(FUNCTIONS), read(ABOUT)];
  const hash = createHash('sha256').update(template).update(code).update(about).digest('hex').slice(0, 16);
  const { stage } = aboutRelease.parse(JSON.parse(about.toString()));
  const own = path.join(UNPACKED, hash);
  if (!existsSync(own)) {
    unpack(own, JSON.parse(template.toString()), JSON.parse(brotliDecompressSync(code).toString()));
  }
  return { stage, hash, template: path.join(own, TEMPLATE), code: path.join(own, 'code') };
}

/** Whole or not at all: several processes may want it at once. */
function unpack(own: string, template: unknown, code: unknown): void {
  const made = `${own}.${randomUUID()}.tmp`;
  mkdirSync(path.join(made, 'code', 'functions'), { recursive: true });
  writeFileSync(path.join(made, TEMPLATE), JSON.stringify(deployable(template)));
  writeFileSync(path.join(made, 'code', 'package.json'), '{"type":"commonjs"}\n');
  for (const [file, text] of Object.entries(bundles.parse(code))) {
    writeFileSync(path.join(made, 'code', file), text);
  }
  try {
    renameSync(made, own);
  } catch (error) {
    rmSync(made, { recursive: true });
    if (!existsSync(own)) throw error;
  }
}
