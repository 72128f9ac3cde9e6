// The types of dynalite, which ships none: what the lab uses of it.
declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** Times in milliseconds. */
  export default function dynalite(options: { createTableMs?: number }): Server;
}
