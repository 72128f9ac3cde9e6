// Several branches or iterations at once, of which the first failure ends the others.
import type { Lifetime } from './lifetime.ts';

/**
 * Runs `count` jobs, at most `limit` at a time, started in order. Results are in order too. When a job fails, `life` ends,
 * and this fails with the same error once every other job has unwound.
 */
export async function runTogether<T>(
  life: Lifetime,
  count: number,
  limit: number,
  job: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    try {
      while (next < count) {
        life.check();
        const index = next;
        next += 1;
        results[index] = await job(index);
      }
    } catch (error) {
      life.end();
      throw error;
    }
  };
  const workers = Array.from({ length: Math.min(count, limit) }, work);
  try {
    await Promise.all(workers);
  } finally {
    await Promise.allSettled(workers);
  }
  life.end();
  return results;
}
