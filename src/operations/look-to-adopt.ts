// What an adoption is decided from, read anew each time: groups, instances, agents, the engines' own words, the swarm, the table.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { IAMClient } from '@aws-sdk/client-iam';
import * as z from 'zod';

import { agentsOf } from '../aws/agents.ts';
import { ifPermitted } from '../aws/if-permitted.ts';
import { setupOf } from '../aws/group-setup.ts';
import { instancesSetUp, userDataOf } from '../aws/instance-setup.ts';
import { ingressOf } from '../aws/security-groups.ts';
import { runDocument } from '../aws/run-document.ts';
import type { DocumentPorts } from '../aws/run-document.ts';
import { waysOf } from '../aws/vpc-ways.ts';
import { rolesOfEach } from './look-at-roles.ts';
import { inspectOf, surveyOf } from '../core/adopt/commands.ts';
import { adoptSurvey, leadingOf } from '../core/adopt/facts.ts';
import type { AdoptFacts, SurveyResult, IfPermitted, FoundGroup, Leading } from '../core/adopt/facts.ts';
import { chunks } from '../core/chunks.ts';
import { FlowError } from '../core/errors.ts';
import type { NodeRole } from '../core/names.ts';
import type { SwarmNode } from '../core/tidy/facts.ts';
import type { Table } from '../store/table.ts';
import type { TidyStore } from '../store/tidy-store.ts';
import { inspectPage, readSwarm } from '../swarm/inspect-page.ts';
import type { InspectPage } from '../swarm/inspect-page.ts';

export interface LookPorts extends DocumentPorts {
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly cloudFormation: CloudFormationClient;
  readonly table: Table;
  readonly tidyStore: TidyStore;
  readonly founderOf: (cluster: string) => Promise<string | undefined>;
  /** An ARN: a manager publishes the join tokens under it. */
  readonly tokenKey: string;
}

export interface AdoptWish {
  readonly cluster: string;
  readonly groups: readonly { readonly name: string; readonly role: NodeRole }[];
}

/** Engines that are asked at a time: each answer takes seconds, and a swarm may have two thousand. */
const AT_ONCE = 20;
/** Pages of 400 nodes. */
const MOST_PAGES = 40;

export async function lookToAdopt(ports: LookPorts, wish: AdoptWish): Promise<AdoptFacts> {
  const { stage, autoScaling, ec2, ssm, table, tidyStore, founderOf } = ports;
  const { cluster } = wish;
  const names = wish.groups.map(({ name }) => name);
  const found = await setupOf(autoScaling, names);
  const ids = [...found.values()].flatMap((group) => group.instances.map(({ instance }) => instance));
  const [instances, agents, state, founder, stored, userData] = await Promise.all([
    instancesSetUp(ec2, ids),
    agentsOf(ssm, ids),
    table.readState(cluster),
    founderOf(cluster),
    tidyStore.read(cluster),
    userDataOfEach(ec2, found),
  ]);
  const roles = await rolesOfEach(ports, wish, { found, instances, agents });
  const groups = wish.groups.map(({ name, role }) => ({
    ...{ name, role, found: found.get(name), userData: userData.get(name), roles: roles.get(name) ?? [] },
  }));
  const shown = [...instances.values()];
  const ingress = await ifPermitted(
    'ec2:DescribeSecurityGroups',
    ingressOf(ec2, [...new Set(shown.flatMap((one) => one.securityGroups))]),
  );
  const network = await ifPermitted(
    'ec2:DescribeRouteTables and ec2:DescribeVpcEndpoints',
    waysOf(ec2, [...new Set(shown.flatMap(({ vpc }) => vpc ?? []))]),
  );
  const surveys = await askEach(
    ports,
    cluster,
    ids.filter((id) => agents.get(id) === 'online'),
  );
  const leading = leadingOf({ groups, surveys });
  const nodes = leading === undefined ? undefined : await nodesOf(ports, cluster, leading);
  const { known } = stored;
  return { stage, cluster, groups, instances, ingress, network, agents, surveys, nodes, state, founder, known };
}

/** Of one instance of each group: what its launch template has may be different by now. */
async function userDataOfEach(
  ec2: EC2Client,
  groups: ReadonlyMap<string, FoundGroup>,
): Promise<ReadonlyMap<string, IfPermitted<string>>> {
  const texts = new Map<string, IfPermitted<string>>();
  for (const [name, { instances }] of groups) {
    const [first] = instances;
    if (first !== undefined) {
      texts.set(name, await ifPermitted('ec2:DescribeInstanceAttribute', userDataOf(ec2, first.instance)));
    }
  }
  return texts;
}

async function askEach(
  ports: LookPorts,
  cluster: string,
  instances: readonly string[],
): Promise<ReadonlyMap<string, SurveyResult>> {
  const told = new Map<string, SurveyResult>();
  for (const some of chunks(instances, AT_ONCE)) {
    await Promise.all(
      some.map(async (instance) => {
        told.set(instance, await askEngine(ports, cluster, instance));
      }),
    );
  }
  return told;
}

async function askEngine(ports: LookPorts, cluster: string, instance: string): Promise<SurveyResult> {
  const outcome = await runDocument(ports, surveyOf({ ...ports, cluster, now: ports.now() }, instance));
  if (!outcome.ok) {
    return { error: outcome.error, cause: outcome.cause };
  }
  const read = adoptSurvey.safeParse(outcome.output);
  return read.success
    ? read.data
    : { error: 'PageUnreadable', cause: 'what it tells is not what this version understands' };
}

const following = z.object({ next: z.int().positive().optional().catch(undefined) });

async function nodesOf(
  ports: LookPorts,
  cluster: string,
  { instance, ...swarm }: Leading,
): Promise<readonly SwarmNode[]> {
  const pages: InspectPage[] = [];
  let offset: number | undefined = 0;
  while (offset !== undefined && pages.length < MOST_PAGES) {
    const command = inspectOf({ ...ports, cluster, now: ports.now() }, instance, swarm, offset);
    const outcome = await runDocument(ports, command);
    if (!outcome.ok) {
      throw new FlowError(
        'PageUnreadable',
        `${instance} did not tell the nodes of its swarm: ${outcome.error}: ${outcome.cause}`,
      );
    }
    pages.push(inspectPage.parse(outcome.output));
    const { next } = following.parse(outcome.output);
    offset = next === undefined || next <= offset ? undefined : next;
  }
  return readSwarm(pages, [])?.nodes ?? [];
}
