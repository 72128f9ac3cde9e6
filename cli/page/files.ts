// The page's own files, and the one library that it has: in a clone from where they lie, in an installation from dist/page.
import { existsSync, readFileSync } from 'node:fs';

import { ROOT } from '../root.ts';

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** By the path that a browser asks for: what is not here is not served, whatever the path says. */
const FILES: Readonly<Record<string, keyof typeof TYPES>> = {
  'index.html': 'html',
  'page.css': 'css',
  'page.js': 'js',
  'map.js': 'js',
  'panel.js': 'js',
  'pictures.js': 'js',
  'words.js': 'js',
  'icon.svg': 'svg',
};
const LIBRARY = 'htm.js';
const LIBRARY_IN_CLONE = 'node_modules/htm/preact/standalone.module.js';

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

export function fileOf(pathname: string): PageFile | undefined {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  if (name === LIBRARY) {
    return { type: TYPES.js, body: readFileSync(new URL(inClone() ? LIBRARY_IN_CLONE : `dist/page/${LIBRARY}`, ROOT)) };
  }
  const kind = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  return kind === undefined
    ? undefined
    : {
        type: TYPES[kind],
        body: readFileSync(new URL(`${inClone() ? 'cli/page/assets' : 'dist/page'}/${name}`, ROOT)),
      };
}

const inClone = (): boolean => existsSync(new URL('cli/page/assets/index.html', ROOT));
