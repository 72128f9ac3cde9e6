// What of the template may never change: where CloudFormation makes a resource anew, and its name is given, the update fails.
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

import type { Template } from '../../lab/aws/stack/template.ts';

const spec = loadAwsServiceSpecSync();

/** By logical id: the type, and each property whose change would make the resource anew. */
export function keptOf(template: Template): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(template.Resources)
      .filter(([, { Type }]) => !Type.startsWith('AWS::S3::'))
      .map(([id, { Type, Properties }]) => {
        const known = spec.lookup('resource', 'cloudFormationType', 'equals', Type)[0]?.properties ?? {};
        const kept = Object.entries(Properties).filter(([name]) => known[name]?.causesReplacement === 'yes');
        return [id, { Type, ...Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))) }];
      }),
  );
}
