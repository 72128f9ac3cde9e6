// What a run of a scenario amounts to: the JSON of `lab run`, a documented interface (docs/lab.md).
import type { Verdict } from '../../src/core/verdict/verdict.ts';
import type { Lab } from '../lab.ts';
import type { SwarmView } from '../nodes/machines.ts';
import type { Execution } from '../aws/states/execution.ts';
import type { AgentLoad, Bound, Last } from './bounds.ts';
import type { ManagersResult } from './manager-watch.ts';
import type { RequestRow } from './requests.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

export interface ExpectationResult {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: unknown;
}

export interface NodeResult {
  readonly instance: string | null;
  readonly node: string;
  readonly role: string;
  readonly status: string;
  readonly availability: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ExecutionResult {
  readonly stage: string;
  readonly machine: string;
  readonly instance: string | null;
  readonly status: string;
  readonly transitions: number;
  readonly retries: number;
  readonly error: string | null;
  readonly cause: string | null;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly ok: boolean;
  readonly expectations: readonly ExpectationResult[];
  readonly groups: readonly GroupResult[];
  readonly nodes: readonly NodeResult[];
  readonly executions: readonly ExecutionResult[];
  /** Calls of skep's functions and machines: `service.Operation` -> count. */
  readonly calls: Readonly<Record<string, number>>;
  readonly hooks: {
    readonly continued: number;
    readonly abandoned: number;
    readonly timedOut: number;
    readonly open: number;
  };
  readonly alarms: readonly string[];
  /** Every alarm that has rung, by its name without the stage. */
  readonly rang: readonly string[];
  /** As `skep status` has it. */
  readonly verdict: Verdict | null;
  /** What the topic was told, each in one line. */
  readonly notices: readonly string[];
  readonly webhook: { readonly taken: number; readonly refused: number };
  readonly deadLetters: number;
  /** What was denied, as AWS words it; each once. */
  readonly denied: readonly string[];
  /** Of all instances, whose hook was open for the longest time: from its event until it was completed. */
  readonly slowest: { readonly launch: Last | null; readonly termination: Last | null };
  /** What the managers said of themselves, where an expectation asks for it. */
  readonly managers: ManagersResult | null;
  /** Of the services that the scenario puts load on. */
  readonly requests: readonly RequestRow[];
  /** The instance that was done last, of those that came or went since the last `measure`. */
  readonly last: Last | null;
  /** Where its time went. */
  readonly bounds: readonly Bound[];
  /** Of the agents that had more commands than they could run at once, by instance. */
  readonly agents: Readonly<Record<string, AgentLoad>>;
  /** How often each limit of the scenario refused a call. */
  readonly throttled: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly seconds: number;
  readonly virtualSeconds: number;
}

export interface GroupResult {
  readonly group: string;
  readonly desired: number;
  readonly instances: readonly { readonly instance: string; readonly zone: string; readonly lifecycle: string }[];
}

export function nodesOf(view: SwarmView | undefined): NodeResult[] {
  return (view?.nodes ?? []).map(({ nodeId, role, status, availability, labels }) => ({
    instance: labels[INSTANCE_LABEL] ?? null,
    node: nodeId,
    role,
    status,
    availability,
    labels,
  }));
}

export function groupsOf(lab: Lab): GroupResult[] {
  return [...lab.autoScaling.groups.values()].map(({ name, desired, members }) => ({
    group: name,
    desired,
    instances: [...members.values()].map(({ instanceId, zone, lifecycle }) => ({
      instance: instanceId,
      zone,
      lifecycle,
    })),
  }));
}

/** The short name of the machine: `scale-out` of `skep-dev-2-scale-out`. No machine's name ends with that of another. */
export const machineOf = ({ stateMachine }: Execution): string =>
  MACHINE.exec(stateMachine.name)?.[2] ?? stateMachine.name;

const stageOf = ({ stateMachine }: Execution): string => MACHINE.exec(stateMachine.name)?.[1] ?? '';

const MACHINE = /^skep-(.*)-(scale-out|scale-in|tidy|recover|rotate-tokens|rebalance)$/;

export function instanceOf({ input }: Execution): string | null {
  if (typeof input !== 'object' || input === null || !('detail' in input)) {
    return null;
  }
  const { detail } = input;
  return typeof detail === 'object' && detail !== null && 'EC2InstanceId' in detail
    ? String(detail.EC2InstanceId)
    : null;
}

/** The state that it entered last. */
export const stateOf = ({ history }: Execution): string | undefined =>
  history.findLast(({ type }) => type.endsWith('StateEntered'))?.state;

export function executionsOf(lab: Lab, chosen: (execution: Execution) => boolean = () => true): ExecutionResult[] {
  return lab.executions.filter(chosen).map((execution) => ({
    stage: stageOf(execution),
    machine: machineOf(execution),
    instance: instanceOf(execution),
    status: execution.status,
    transitions: execution.transitions,
    retries: execution.retries,
    error: execution.error ?? null,
    cause: execution.cause ?? null,
  }));
}

/**
 * As AWS words them, each once. Not those about an instance that has left its group since lists were read, which lag: no policy can name the group of
 * one that is in none.
 */
export const denialsOf = (lab: Lab): string[] => [
  ...new Set(
    lab.iam.denials
      .filter(({ resource }) => !resource.endsWith(':autoScalingGroupName/'))
      .map(({ message }) => message),
  ),
];

/** Actions that functions, machines, rules or instances asked for, and were denied. */
export const deniedOf = (lab: Lab): string[] => [...new Set(lab.iam.denials.map(({ action }) => action))].toSorted();

export const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
