// Whether a network that is given lets nodes reach Systems Manager. It is looked at before anything is made: nodes that do not reach it wait
// without a word.
import { ifPermitted } from '../../src/aws/if-permitted.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { waysOf } from '../../src/aws/vpc-ways.ts';
import { wayProblem } from '../../src/core/adopt/look-ways.ts';
import type { ClusterFile } from '../../src/core/cluster/file.ts';

/** Lines that keep nobody from going on: a network may have ways that this does not know. */
export async function networkLines({ network: { given } }: ClusterFile): Promise<string[]> {
  if (given === undefined) {
    return [];
  }
  const { vpc, subnets } = given;
  const ways = await ifPermitted('ec2:DescribeRouteTables and ec2:DescribeVpcEndpoints', waysOf(ec2Client(), [vpc]));
  if ('unseen' in ways) {
    return [`? network.given: whether its subnets reach Systems Manager is not known: ${ways.unseen}`];
  }
  return subnets.flatMap((subnet) => {
    // The template gives no node a public address.
    const problem = wayProblem(ways.seen, vpc, subnet, true);
    return problem === undefined ? [] : [`! network.given: ${problem}: no node would be heard of`];
  });
}
