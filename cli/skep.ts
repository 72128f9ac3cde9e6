// Starts the command from its sources, also without skep.js. What Node makes of its sources is kept beside the packages: half of
// the time in which it starts.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../.build/compile-cache', import.meta.url)));
// Not a static import: that would be loaded first.
await import('./main.ts');
