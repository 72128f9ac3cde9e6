// IPv4 networks, and which of them may be a cluster's pool of addresses: what is wrong with it cannot be put right after the founding.

export interface Network {
  /** Its first address, as a number. */
  readonly first: number;
  /** The length of its prefix. */
  readonly bits: number;
}

/** @returns undefined where the text is no network */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', prefix = ''] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text) ?? [];
  const bytes = address.split('.').map(Number);
  const bits = Number(prefix);
  if (address === '' || bits > 32 || bytes.some((byte) => byte > 255)) {
    return undefined;
  }
  const number = bytes.reduce((total, byte) => total * 256 + byte, 0);
  return { first: number - (number % 2 ** (32 - bits)), bits };
}

export function networkText({ first, bits }: Network): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}

export function contains(outer: Network, inner: Network): boolean {
  return inner.bits >= outer.bits && inner.first - (inner.first % 2 ** (32 - outer.bits)) === outer.first;
}

export function overlap(one: Network, other: Network): boolean {
  return contains(one, other) || contains(other, one);
}

const network = (text: string): Network => {
  const parsed = parseNetwork(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no network`);
  }
  return parsed;
};

/** What nobody on the internet has: anything else would be cut off from the nodes. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(network);
/** The bridge of every Docker. */
export const DOCKER_BRIDGE = network('172.17.0.0/16');
/** 172.31.0.0/16 is what AWS gives to default VPCs: it comes late. */
const CANDIDATES = [
  ...[30, 29, 28, 27, 26, 25, 24].map((second) => `172.${second}.0.0/16`),
  '192.168.0.0/16',
  ...[250, 150, 50].map((second) => `10.${second}.0.0/16`),
  '100.100.0.0/16',
].map(network);
/** Every swarm needs one for its ingress network; fewer than this are not worth a founding. */
const FEWEST_NETWORKS = 4;

/** Why a cluster cannot have this pool, for a person; undefined where it can. */
export function poolProblem(pool: Network, subnetBits: number, taken: readonly Network[]): string | undefined {
  if (!PRIVATE.some((range) => contains(range, pool))) {
    return `is not private: choose from ${PRIVATE.map(networkText).join(', ')}`;
  }
  if (overlap(pool, DOCKER_BRIDGE)) {
    return `overlaps ${networkText(DOCKER_BRIDGE)}, which is every Docker's own bridge`;
  }
  const other = taken.find((range) => overlap(pool, range));
  if (other !== undefined) {
    return `overlaps ${networkText(other)} of the VPC`;
  }
  const room = 2 ** (subnetBits - pool.bits);
  return room < FEWEST_NETWORKS
    ? `is too small: a network of /${subnetBits} fits ${Math.floor(room)} times, and at least ${FEWEST_NETWORKS} are wanted`
    : undefined;
}

/** A pool away from these networks, or undefined where none of the usual ones is. */
export function choosePool(taken: readonly Network[]): Network | undefined {
  return CANDIDATES.find((candidate) => !taken.some((range) => overlap(candidate, range)));
}

/** Docker takes any of these and then fails, or does worse: overlay networks that carry nothing. */
const TAKEN_PORTS: ReadonlyMap<number, string> = new Map([
  [2377, 'the managers of a swarm talk there'],
  [7946, 'the nodes of a swarm tell each other there who they are'],
]);

/** Why a cluster cannot have this data path port, for a person; undefined where it can. */
export const dataPathPortProblem = (port: number): string | undefined => TAKEN_PORTS.get(port);
