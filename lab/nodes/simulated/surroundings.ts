// What a script on a simulated machine asks of its surroundings: instance metadata, and Parameter Store with its credentials.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { MachineSurroundings } from '../machines.ts';
import type { SimulatedMachine } from '../../swarm/engine/machine.ts';

const IMDS = 'http://169.254.169.254/latest';
/** How often the scripts try what may pass by itself. */
const TRIES = 5;

const credentials = z.object({ AccessKeyId: z.string(), Token: z.string() });
const refusal = z.looseObject({ __type: z.string().default(''), message: z.string().default('') });

export type Answer = { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly problem: string };

export class Surroundings {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #outside: MachineSurroundings;

  constructor(clock: Clock, random: Random, outside: MachineSurroundings) {
    this.#clock = clock;
    this.#random = random;
    this.#outside = outside;
  }

  /** Values of instance metadata by their paths, or undefined when one cannot be had. */
  metadata(machine: SimulatedMachine, paths: readonly string[]): Promise<string[] | undefined> {
    return this.#clock.busy(this.#metadata(machine, paths));
  }

  async #metadata({ instanceId, cut }: SimulatedMachine, paths: readonly string[]): Promise<string[] | undefined> {
    if (cut) {
      return undefined;
    }
    const ask = (request: Request): Promise<Response> => this.#outside.metadata(instanceId, request);
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '900' };
    const session = await ask(new Request(`${IMDS}/api/token`, { method: 'PUT', headers: ttl }));
    if (!session.ok) {
      return undefined;
    }
    const headers = { 'x-aws-ec2-metadata-token': await session.text() };
    const values: string[] = [];
    for (const path of paths) {
      const answer = await ask(new Request(`${IMDS}/meta-data/${path}`, { headers }));
      if (!answer.ok) {
        return undefined;
      }
      values.push(await answer.text());
    }
    return values;
  }

  /** One operation of Parameter Store; throttling, AWS's own trouble and a role that is not there yet are tried again. */
  async parameters(machine: SimulatedMachine, operation: string, input: unknown): Promise<Answer> {
    for (let step = 1; ; step += 1) {
      const { again, ...answer } = await this.#clock.busy(this.#once(machine, operation, input));
      if (!again || step === TRIES) {
        return answer;
      }
      await this.#clock.sleep(step * 1000 * (0.5 + this.#random.next()));
    }
  }

  async #once(machine: SimulatedMachine, operation: string, input: unknown): Promise<Answer & { again: boolean }> {
    const roles = 'iam/security-credentials/';
    const [region, role] = (await this.#metadata(machine, ['placement/region', roles])) ?? [];
    const [text] = (await this.#metadata(machine, [`${roles}${role ?? ''}`])) ?? [];
    if (region === undefined || role === undefined || text === undefined) {
      return { ok: false, again: true, problem: `${operation}: instance metadata gave no credentials` };
    }
    const { AccessKeyId, Token } = credentials.parse(JSON.parse(text));
    const scope = `${new Date(this.#clock.now()).toISOString().slice(0, 10).replaceAll('-', '')}/${region}/ssm`;
    const response = await this.#outside.aws(
      new Request('http://ssm.lab/', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-security-token': Token,
          'x-amz-target': `AmazonSSM.${operation}`,
          authorization: `AWS4-HMAC-SHA256 Credential=${AccessKeyId}/${scope}/aws4_request, SignedHeaders=host, Signature=0`,
        },
        body: JSON.stringify(input),
      }),
    );
    const body: unknown = await response.json();
    if (response.ok) {
      return { ok: true, again: false, body };
    }
    const { __type: type, message } = refusal.parse(body);
    const again = response.status >= 500 || /Throttling|TooManyUpdates/.test(type);
    return { ok: false, again, problem: `${operation}: status ${response.status}, ${type} ${message}` };
  }
}
