// What refresh and remove reach AWS and the table by.
import { autoScalingClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import type { UpgradePorts } from '../src/operations/upgrade.ts';
import { Holds } from '../src/store/holds.ts';
import { Table } from '../src/store/table.ts';

export function upgradePorts(stage: string): UpgradePorts {
  const [client, name] = [tableClient(), `skep-${stage}`];
  return {
    ...{ autoScaling: autoScalingClient(), ec2: ec2Client(), stage },
    table: new Table(client, name),
    holds: new Holds(client, name),
  };
}
