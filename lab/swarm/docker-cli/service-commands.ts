// The docker command line about services and tasks, on a simulated machine.
import { NotToBeHad } from '../../nodes/machines.ts';
import { parseArguments } from './arguments.ts';
import { ClientError, DockerError } from './error.ts';
import type { DockerCommand, DockerCommands } from './command.ts';
import type { Engine } from '../engine/engine.ts';
import { applyTemplate, table, toJson } from './output-format.ts';
import type { Fields } from './output-format.ts';
import type { Service } from '../services/service.ts';
import { createdSpec, DETACH_ONLY, needDetach, readUpdate } from './service-options.ts';
import { inOrder, inspected, serviceRow, taskRow } from './service-views.ts';
import type { Swarm } from '../raft/swarm.ts';
import type { Task } from '../tasks/task.ts';

const LS_COLUMNS = ['ID', 'NAME', 'MODE', 'REPLICAS', 'IMAGE', 'PORTS'];
const LS_FIELDS = ['ID', 'Name', 'Mode', 'Replicas', 'Image', 'Ports'];
const PS_COLUMNS = ['ID', 'NAME', 'IMAGE', 'NODE', 'DESIRED STATE', 'CURRENT STATE', 'ERROR', 'PORTS'];
const PS_FIELDS = ['ID', 'Name', 'Image', 'Node', 'DesiredState', 'CurrentState', 'Error', 'Ports'];

const create: DockerCommand<Engine> = async (engine, args) => {
  const { tasks } = await engine.cluster('write');
  const names = `service-${tasks.services.all().length + 1}`;
  return `${tasks.services.create(createdSpec(args, () => names)).serviceId}\n`;
};

const update: DockerCommand<Engine> = async (engine, args) => {
  const { name, isRollback, next } = readUpdate(args);
  const { services } = (await engine.cluster('write')).tasks;
  const service = services.find(name) ?? noSuchService(name);
  if (isRollback) {
    services.rollBack(service);
    return `${name}\n`;
  }
  const { spec } = service.current;
  const changed = next(spec);
  if (spec.mode === 'global' && changed.replicas !== spec.replicas) {
    throw new ClientError('replicas can only be used with replicated mode');
  }
  services.update(service, changed);
  return `${name}\n`;
};

const rollback: DockerCommand<Engine> = async (engine, args) => {
  const given = parseArguments(args, DETACH_ONLY);
  needDetach(given, 'rollback');
  const name = given.operands.join(' ');
  const { services } = (await engine.cluster('write')).tasks;
  services.rollBack(services.find(name) ?? noSuchService(name));
  return `${name}\n`;
};

const scale: DockerCommand<Engine> = async (engine, args) => {
  const given = parseArguments(args, DETACH_ONLY);
  needDetach(given, 'scale');
  const { services } = (await engine.cluster('write')).tasks;
  return each(given.operands, (word) => {
    const [, name = '', replicas] = /^([^=]+)=(\d+)$/.exec(word) ?? [];
    if (replicas === undefined) {
      throw new NotToBeHad(`simulated docker does not know how to scale ${word}`);
    }
    const service = services.find(name) ?? fail(`${name}: Error: No such service: ${name}`);
    const { spec } = service.current;
    if (spec.mode === 'global') {
      fail(`${name}: scale can only be used with replicated or replicated-job mode`);
    }
    services.update(service, { ...spec, replicas: Number(replicas) });
    return `${name} scaled to ${replicas}`;
  });
};

const rm: DockerCommand<Engine> = async (engine, args) => {
  const { services } = (await engine.cluster('write')).tasks;
  return each(parseArguments(args, {}).operands, (name) => {
    services.remove(services.find(name) ?? noSuchService(name));
    return name;
  });
};

const ls: DockerCommand<Engine> = async (engine, args) => {
  const { flags, options, operands } = parseArguments(args, { flags: ['--quiet', '-q'], options: ['--format'] });
  if (operands.length > 0) {
    throw new Error('docker service ls takes no operands');
  }
  const swarm = await engine.cluster('read');
  const services = swarm.tasks.services.all().toSorted((a, b) => (a.current.spec.name < b.current.spec.name ? -1 : 1));
  const rows = services.map((service) => serviceRow(swarm, service));
  return print(rows, { flags, format: options.get('--format')?.at(-1), header: LS_COLUMNS, fields: LS_FIELDS });
};

const ps: DockerCommand<Engine> = async (engine, args) => {
  const swarm = await engine.cluster('read');
  return printTasks(engine, swarm, args, (names) => {
    const services = names.map((name) => swarm.tasks.services.find(name) ?? fail(`no such service: ${name}`));
    return [...new Set(services)].flatMap((service) => swarm.tasks.of(service));
  });
};

const nodePs: DockerCommand<Engine> = async (engine, args) => {
  const swarm = await engine.cluster('read');
  return printTasks(engine, swarm, args, (names) => {
    const ids = (names.length === 0 ? ['self'] : names).map((name) => nodeId(engine, swarm, name));
    return [...new Set(ids)].flatMap((id) => swarm.tasks.on(id));
  });
};

const inspect: DockerCommand<Engine> = async (engine, args) => {
  const { options, operands } = parseArguments(args, { options: ['--format', '-f'] });
  const [format] = options.get('--format') ?? options.get('-f') ?? [];
  const { services } = (await engine.cluster('read')).tasks;
  const found: Service[] = [];
  let missing = '';
  for (const name of operands) {
    const service = services.find(name);
    if (service === undefined) {
      missing = name;
      break;
    }
    found.push(service);
  }
  const all = found.map(inspected);
  const whole = format === undefined ? `${toJson(all, 4)}\n` : all.map((one) => applyTemplate(format, one)).join('');
  if (missing !== '') {
    throw new ClientError(`Status: Error: no such service: ${missing}, Code: 1`, whole);
  }
  return whole;
};

function printTasks(
  engine: Engine,
  swarm: Swarm,
  args: readonly string[],
  find: (names: readonly string[]) => readonly Task[],
): string {
  const { flags, options, operands } = parseArguments(args, {
    flags: ['--quiet', '-q', '--no-trunc'],
    options: ['--format', '--filter', '-f'],
  });
  const filters = [...(options.get('--filter') ?? []), ...(options.get('-f') ?? [])].map(readFilter);
  const tasks = inOrder(find(operands).filter((task) => filters.every((passes) => passes(task))));
  // Ids alone are whole ones.
  const isWhole = ['--no-trunc', '--quiet', '-q'].some((flag) => flags.has(flag));
  const rows = tasks.map((task) => taskRow(swarm, task, swarm.tasks.now, isWhole));
  const format = options.get('--format')?.at(-1);
  return print(format === undefined ? rows.map(asHistory) : rows, {
    flags,
    format,
    header: PS_COLUMNS,
    fields: PS_FIELDS,
  });
}

/** In a table those before it in the slot are indented. */
function asHistory(row: Fields, index: number, rows: readonly Fields[]): Fields {
  return index > 0 && rows[index - 1]?.['Name'] === row['Name'] ? { ...row, Name: ` \\_ ${String(row['Name'])}` } : row;
}

function readFilter(text: string): (task: Task) => boolean {
  const state = /^desired-state=(running|shutdown)$/.exec(text)?.[1];
  if (state === undefined) {
    throw new NotToBeHad(`simulated docker does not know the filter ${text}`);
  }
  return ({ desiredState }) => desiredState === state;
}

interface Printing {
  readonly flags: ReadonlySet<string>;
  readonly format: string | undefined;
  readonly header: readonly string[];
  readonly fields: readonly string[];
}

function print(rows: readonly Fields[], { flags, format, header, fields }: Printing): string {
  if (flags.has('--quiet') || flags.has('-q')) {
    return rows.map(({ ID }) => `${String(ID)}\n`).join('');
  }
  if (format !== undefined) {
    return rows.map((row) => applyTemplate(format, row)).join('');
  }
  return table(
    header,
    rows.map((row) => fields.map((name) => String(row[name]))),
  );
}

function nodeId(engine: Engine, swarm: Swarm, name: string): string {
  const own = name === 'self' ? (engine.folder?.nodeId ?? '') : name;
  const nodes = [...swarm.nodes.values()];
  const found = swarm.nodes.get(own) ?? nodes.find(({ hostname }) => hostname === own);
  return found?.nodeId ?? fail(`Error: No such node: ${name}`);
}

/** One after the other; what fails does not keep the others from being done. */
function each(words: readonly string[], act: (word: string) => string): string {
  const failures: string[] = [];
  let stdout = '';
  for (const word of words) {
    try {
      stdout += `${act(word)}\n`;
    } catch (error) {
      if (!(error instanceof DockerError)) {
        throw error;
      }
      failures.push(error.message);
    }
  }
  if (failures.length > 0) {
    throw new ClientError(failures.join('\n'), stdout);
  }
  return stdout;
}

function fail(message: string): never {
  throw new ClientError(message);
}

const noSuchService = (name: string): never => fail(`Error: No such service: ${name}`);

export const serviceCommands: DockerCommands<Engine> = new Map([
  ['service create', create],
  ['service update', update],
  ['service rollback', rollback],
  ['service scale', scale],
  ['service rm', rm],
  ['service ls', ls],
  ['service ps', ps],
  ['service inspect', inspect],
  ['node ps', nodePs],
]);
