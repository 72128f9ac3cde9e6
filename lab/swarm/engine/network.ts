// What machines reach of each other. A cable that is out cuts a machine off from all others, and from nobody else.

/** An engine, as others meet it on the network. */
export interface Host {
  readonly address: string;
  /** Its machine is up, and dockerd runs. */
  readonly online: boolean;
  /** Its machine is off or cut: packets vanish, where a dockerd that is merely down has its connections refused. */
  readonly silent: boolean;
}

export const reaches = (a: Host, b: Host): boolean =>
  a === b ? a.online : a.online && b.online && !a.silent && !b.silent;

export class Network<H extends Host> {
  readonly #hosts = new Map<string, H>();

  plug(host: H): void {
    this.#hosts.set(host.address, host);
  }

  unplug(host: H): void {
    if (this.#hosts.get(host.address) === host) {
      this.#hosts.delete(host.address);
    }
  }

  /** The engine that answers at an `ip` or `ip:port`; silence where packets vanish, a refusal where nothing listens. */
  dial(from: Host, address: string): H | 'silence' | 'refusal' {
    const host = this.#hosts.get(address.replace(/:\d+$/, ''));
    if (host === undefined || (host !== from && (host.silent || from.silent))) {
      return 'silence';
    }
    return host.online ? host : 'refusal';
  }
}
