// Which networks of a simulated machine a pool of addresses overlaps.

/** Its own, and docker's bridge. */
const NETWORKS = ['10.77.0.0/16', '172.17.0.0/16'];

export function overlaps(pool: string): string[] {
  return NETWORKS.filter((network) => {
    const bits = Math.min(size(network), size(pool));
    return prefix(network, bits) === prefix(pool, bits);
  });
}

const size = (cidr: string): number => Number(cidr.split('/')[1]);

function prefix(cidr: string, bits: number): number {
  const [address = ''] = cidr.split('/');
  const number = address.split('.').reduce((total, part) => total * 256 + Number(part), 0);
  return Math.floor(number / 2 ** (32 - bits));
}
