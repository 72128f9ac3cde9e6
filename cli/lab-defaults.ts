// What `skep lab` takes where nothing is said.
import { fileURLToPath } from 'node:url';

import { ROOT } from './root.ts';

export const PORT = 4566;
export const PAGE_PORT = 4567;
export const DEMO = fileURLToPath(new URL('examples/scale-out-in/scenario.yaml', ROOT));
