// The page of a lab that stays up, in its own process: with all buttons.
import { reachLab } from '../reach.ts';
import { openPage } from './open.ts';

interface LabPage {
  /** For people. */
  readonly text: string;
  close(): Promise<void>;
}

/** A second lab on the machine has its page on a port of its own: it does not fail for want of this one. */
export async function labPage(about: {
  readonly cluster: string;
  readonly stage: string;
  readonly url: string;
  readonly port: number;
}): Promise<LabPage> {
  const { cluster, stage, url, port } = about;
  reachLab(new URL(url).port, process.env);
  const options = { cluster, stage, where: `the lab on ${url}`, lab: url, every: 1000, changes: true };
  try {
    const served = await openPage({ ...options, port });
    return { text: `Its page, with buttons:\n\n  ${served.url}\n\n`, close: () => served.close() };
  } catch (error) {
    if (port !== 0 && error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      return labPage({ ...about, port: 0 });
    }
    throw error;
  }
}
