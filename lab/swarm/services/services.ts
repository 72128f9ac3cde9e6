// The services of a swarm, and what SwarmKit's control API does with them.
import { isConstraint } from '../tasks/constraint.ts';
import { readProgram } from '../engine/container-program.ts';
import { DockerError } from '../docker-cli/error.ts';
import type { Service, UpdateStatus } from './service.ts';
import type { ServiceSpec } from './service-spec.ts';

interface Parts {
  readonly now: () => number;
  readonly newId: () => string;
  readonly changed: (service: Service) => void;
  readonly removed: (service: Service) => void;
}

export class Services {
  readonly #parts: Parts;
  readonly #services = new Set<Service>();
  #version = 10;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  all(): readonly Service[] {
    return [...this.#services];
  }

  has(service: Service): boolean {
    return this.#services.has(service);
  }

  /** As the command line finds one: by id, by name, by the beginning of an id. */
  find(word: string): Service | undefined {
    const all = this.all();
    const begun = all.filter(({ serviceId }) => serviceId.startsWith(word));
    return (
      all.find(({ serviceId }) => serviceId === word) ??
      all.find(({ current }) => current.spec.name === word) ??
      (begun.length === 1 ? begun[0] : undefined)
    );
  }

  /** @throws DockerError */
  create(spec: ServiceSpec): Service {
    check(spec);
    if (this.all().some(({ current }) => current.spec.name === spec.name)) {
      throw new DockerError(
        `rpc error: code = AlreadyExists desc = name conflicts with an existing object: service ${spec.name} already exists`,
      );
    }
    const now = this.#parts.now();
    const service: Service = {
      serviceId: this.#parts.newId(),
      createdAt: now,
      updatedAt: now,
      version: 0,
      current: { spec, version: this.#version + 1 },
      previous: undefined,
      updateStatus: undefined,
    };
    this.#services.add(service);
    this.#changed(service);
    return service;
  }

  /** A new version, whatever it changes: it resets the update status, so that what was paused goes on. @throws DockerError */
  update(service: Service, spec: ServiceSpec): void {
    check(spec);
    service.previous = service.current;
    service.current = { spec, version: this.#version + 1 };
    service.updateStatus = undefined;
    this.#changed(service);
  }

  /** @throws DockerError */
  rollBack(service: Service): void {
    const { current, previous } = service;
    if (previous === undefined) {
      throw new DockerError(
        `rpc error: code = FailedPrecondition desc = service ${service.serviceId} does not have a previous spec`,
      );
    }
    service.current = previous;
    service.previous = current;
    this.#setStatus(service, 'rollback_started', 'manually requested rollback', this.#parts.now());
  }

  remove(service: Service): void {
    this.#services.delete(service);
    this.#parts.removed(service);
  }

  // --- What the updater says

  started(service: Service): void {
    this.#setStatus(service, 'updating', 'update in progress', this.#parts.now());
  }

  paused(service: Service, message: string): void {
    const isRollback = service.updateStatus?.state === 'rollback_started';
    this.#setStatus(service, isRollback ? 'rollback_paused' : 'paused', message);
  }

  completed(service: Service): void {
    const isRollback = service.updateStatus?.state === 'rollback_started';
    const [state, message] = isRollback
      ? (['rollback_completed', 'rollback completed'] as const)
      : (['completed', 'update completed'] as const);
    this.#setStatus(service, state, message, undefined, this.#parts.now());
  }

  rolledBack(service: Service, message: string): void {
    if (service.previous !== undefined) {
      service.current = service.previous;
      service.previous = undefined;
      this.#setStatus(service, 'rollback_started', message);
    }
  }

  #setStatus(
    service: Service,
    state: UpdateStatus['state'],
    message: string,
    startedAt = service.updateStatus?.startedAt,
    completedAt?: number,
  ): void {
    // Without a status the service was updated since, and nobody wants to hear of the update before.
    if (startedAt !== undefined) {
      service.updateStatus = { state, message, startedAt, ...(completedAt === undefined ? {} : { completedAt }) };
      this.#changed(service);
    }
  }

  #changed(service: Service): void {
    this.#version += 1;
    service.version = this.#version;
    service.updatedAt = this.#parts.now();
    this.#parts.changed(service);
  }
}

function check({ name, task }: ServiceSpec): void {
  if (!/^[a-zA-Z0-9](?:[-_a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(name)) {
    throw new DockerError('rpc error: code = InvalidArgument desc = name must be valid as a DNS name component');
  }
  if (!task.placement.constraints.every(isConstraint)) {
    throw new DockerError('rpc error: code = Unknown desc = constraint expected one operator from ==, !=');
  }
  readProgram(task.args);
}
