// Looks for drift: how resources differ now from what the template has made. Only what stands in a template is compared, as on AWS.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { AwsError } from '../services/service.ts';
import type { Json, JsonObject } from '../stack/stack.ts';
import { isSame } from './comparison.ts';
import { stackDriftStatus } from './drift-seen.ts';
import type { PropertyDifference, ResourceDrift } from './drift-seen.ts';
import type { Provisioner } from './provisioner.ts';
import type { StackRecord } from './stack-record.ts';

interface Detection {
  readonly id: string;
  readonly stack: StackRecord;
  readonly at: number;
  isDone: boolean;
}

/** How long a look takes, ms. */
const LOOKING = 5000;
const LOOKED_AT = /^(CREATE|UPDATE|UPDATE_ROLLBACK|ROLLBACK|IMPORT)_(COMPLETE|FAILED)$/;

export class Drift {
  readonly #detections = new Map<string, Detection>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #provisioner: Provisioner;

  constructor({ clock, random, provisioner }: { clock: Clock; random: Random; provisioner: Provisioner }) {
    this.#clock = clock;
    this.#random = random;
    this.#provisioner = provisioner;
  }

  /** @throws {AwsError} */
  detect(stack: StackRecord): string {
    if (!LOOKED_AT.test(stack.status)) {
      throw new AwsError(
        'ValidationError',
        `Drift detection cannot be performed on stack [${stack.id}] while in ${stack.status} state.`,
      );
    }
    if ([...this.#detections.values()].some((one) => one.stack === stack && !one.isDone)) {
      throw new AwsError('ValidationError', `Drift detection is already in progress for stack [${stack.id}]`);
    }
    const detection: Detection = { id: this.#random.uuid(), stack, at: this.#clock.now(), isDone: false };
    this.#detections.set(detection.id, detection);
    this.#clock.schedule(LOOKING, () => {
      detection.isDone = true;
      stack.drift = { at: this.#clock.now(), resources: this.#look(stack) };
    });
    return detection.id;
  }

  /** @throws {AwsError} */
  status(id: string): Record<string, unknown> {
    const found = this.#detections.get(id);
    if (found === undefined) {
      throw new AwsError('ValidationError', `DriftDetection [${id}] does not exist`);
    }
    const { stack, at, isDone } = found;
    const seen = isDone && stack.drift !== undefined ? stack.drift : undefined;
    return {
      StackId: stack.id,
      StackDriftDetectionId: id,
      DetectionStatus: isDone ? 'DETECTION_COMPLETE' : 'DETECTION_IN_PROGRESS',
      Timestamp: new Date(at),
      ...(seen === undefined
        ? {}
        : {
            StackDriftStatus: stackDriftStatus(seen),
            DriftedStackResourceCount: seen.resources.filter((one) => one.status !== 'IN_SYNC').length,
          }),
    };
  }

  #look(stack: StackRecord): ResourceDrift[] {
    return [...stack.resources.values()].flatMap(({ logicalId, type, record }): ResourceDrift[] => {
      if (record === undefined) {
        return [];
      }
      const expected = record.properties;
      const now = this.#provisioner.actual(record) ?? expected;
      // What the template does not say is not compared.
      const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, now[key] ?? expected[key] ?? null]));
      const differences = differencesOf(expected, actual, '');
      const status = differences.length === 0 ? 'IN_SYNC' : 'MODIFIED';
      return [{ logicalId, physicalId: record.id, type, status, expected, actual, differences }];
    });
  }
}

function differencesOf(expected: Json | undefined, actual: Json | undefined, path: string): PropertyDifference[] {
  if (isSame(expected, actual)) {
    return [];
  }
  const [one, other] = [partsOf(expected), partsOf(actual)];
  if (one === undefined || other === undefined) {
    return [{ path, expected, actual }];
  }
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) => differencesOf(one[key], other[key], `${path}/${key}`));
}

/** An element of a list by its index. */
function partsOf(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
}

export function describeDrift(stack: StackRecord, at: number, drift: ResourceDrift): Record<string, unknown> {
  return {
    StackId: stack.id,
    LogicalResourceId: drift.logicalId,
    PhysicalResourceId: drift.physicalId,
    ResourceType: drift.type,
    StackResourceDriftStatus: drift.status,
    ExpectedProperties: JSON.stringify(drift.expected),
    ActualProperties: JSON.stringify(drift.actual),
    PropertyDifferences: drift.differences.map(({ path, expected, actual }) => ({
      PropertyPath: path,
      ExpectedValue: valueText(expected),
      ActualValue: valueText(actual),
      DifferenceType: kindOf(expected, actual),
    })),
    Timestamp: new Date(at),
  };
}

function kindOf(expected: Json | undefined, actual: Json | undefined): string {
  if (expected === undefined) {
    return 'ADD';
  }
  return actual === undefined ? 'REMOVE' : 'NOT_EQUAL';
}

const valueText = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);
