// What is compared of a world: what every machine says of itself, and what every manager that answers says of the swarm.

/** Where the tasks of a service are. */
export interface Places {
  /** By node: how many run, and how many are to stop but run on as far as the managers know. */
  readonly byNode: ReadonlyMap<string, string>;
  readonly total: string;
  /** How tasks have ended. Where they are replaced again and again, they are soon forgotten. */
  readonly ended: string;
  /** Lost tasks are made up for, so the total does not depend on which nodes had them: there are an image and room. */
  readonly heals: boolean;
}

export interface State {
  /** Machines that call themselves managers. */
  readonly managers: readonly number[];
  /** Readable and definite: two worlds in the same state say the same lines. */
  readonly lines: readonly string[];
  /** By service; not definite: of nodes that are equally free, SwarmKit takes any. */
  readonly places: ReadonlyMap<string, Places>;
}

/**
 * Says how the two states differ; nothing where they do not.
 *
 * @param tied services whose tasks once went to different nodes of the two worlds, all equally free: from then on, what happens to
 *   a node changes how many others have, and only the total can be compared
 */
export function differences(simulated: State, real: State, tied: ReadonlySet<string>): string[] {
  const found = [
    ...simulated.lines.filter((line) => !real.lines.includes(line)).map((line) => `- simulated: ${line}`),
    ...real.lines.filter((line) => !simulated.lines.includes(line)).map((line) => `+ real:      ${line}`),
  ];
  for (const [service, places] of simulated.places) {
    const others = real.places.get(service);
    const isAny = tied.has(service) && !(places.heals && others?.heals === true);
    const [here, there] = isAny ? [] : [places, others].map((those) => describe(those, tied.has(service)));
    if (here !== there) {
      found.push(`- simulated: tasks of ${service}: ${here ?? ''}`, `+ real:      tasks of ${service}: ${there ?? ''}`);
    }
  }
  return found;
}

/** Services whose tasks are on different nodes of the two worlds. */
export function ties(simulated: State, real: State): string[] {
  return [...simulated.places.keys()].filter(
    (service) => exact(simulated.places.get(service)) !== exact(real.places.get(service)),
  );
}

function describe(places: Places | undefined, isTied: boolean): string {
  if (places === undefined) {
    return 'none';
  }
  const byNode = [...places.byNode.values()].toSorted().join(' + ');
  return isTied ? places.total : `${places.total}, by node ${byNode}${places.heals ? `; ended: ${places.ended}` : ''}`;
}

const exact = (places: Places | undefined): string =>
  [...(places?.byNode ?? [])]
    .map((place) => place.join())
    .toSorted()
    .join();
