// What a node boots from, as CloudFormation makes it of cluster/group.yaml: that template is the only place where it stands.
import * as z from 'zod';

import type { FileGroup } from './file.ts';

const groupTemplate = z.object({
  Resources: z.object({
    LaunchTemplate: z.object({
      Properties: z.object({
        LaunchTemplateData: z.object({
          UserData: z.strictObject({
            'Fn::Base64': z.strictObject({
              'Fn::Sub': z.tuple([
                z.string(),
                z.strictObject({
                  Buffer: z.strictObject({ 'Fn::If': z.tuple([z.literal('IsManager'), z.string(), z.string()]) }),
                  Extra: z.strictObject({ 'Fn::Base64': z.strictObject({ Ref: z.literal('ExtraScript') }) }),
                }),
              ]),
            }),
          }),
        }),
      }),
    }),
  }),
});

/**
 * @param template cluster/group.yaml, read
 * @throws where the template makes its user data in another way than this knows
 */
export function userDataOf(template: unknown, { role, script = '' }: Pick<FileGroup, 'role' | 'script'>): string {
  const { UserData } = groupTemplate.parse(template).Resources.LaunchTemplate.Properties.LaunchTemplateData;
  const [text, { Buffer: buffer }] = UserData['Fn::Base64']['Fn::Sub'];
  const [, manager, worker] = buffer['Fn::If'];
  const values: Readonly<Record<string, string>> = {
    Buffer: role === 'manager' ? manager : worker,
    Extra: Buffer.from(script, 'utf8').toString('base64'),
  };
  return text.replaceAll(/\$\{([^}]*)\}/g, (all, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(`cluster/group.yaml: ${all} in the user data is not known here`);
    }
    return value;
  });
}
