// The data of a cluster: what its stack keeps when it goes, unless a person says that it is to go too.

const KEPT = /^( +)DeletionPolicy: Retain$/gm;
const LOG_GROUP = /^( +)RetentionInDays: \{ Ref: LogRetentionDays \}$/m;

/**
 * The template of the cluster's stack, with which its data go when it is deleted. CloudFormation takes no update that changes nothing but
 * such policies: that is why the log group gets a tag.
 *
 * @throws where the template keeps its data in another way than this knows
 */
export function withoutKeeping(template: string): string {
  if (template.search(KEPT) === -1 || template.search(LOG_GROUP) === -1) {
    throw new Error('cluster/cluster.yaml: what it keeps is not known here');
  }
  return template
    .replaceAll(KEPT, '$1DeletionPolicy: Delete')
    .replace(LOG_GROUP, "$&\n$1Tags: [{ Key: 'skep:data', Value: goes with its stack }]");
}
