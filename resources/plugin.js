// What the framework does beside packaging: it refuses what could not work, takes in a table that was left over, and protects the table
// when a deployment has ended well.
import { setTimeout as pause } from 'node:timers/promises';

import { takeInTable } from './kept-table.ts';
import { inEveryPartition } from './partitions.ts';
import { deploymentProblems, parametersOf } from './deployment-problems.ts';

// The framework makes an instance of each plugin.
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- hooks are all that it has
export default class SkepPlugin {
  /**
   * @param {any} serverless
   * @param {{ param?: string | string[] }} options
   * @param {{ log: { notice: (text: string) => void } }} utils
   */
  constructor(serverless, options, { log }) {
    const provider = serverless.getProvider('aws');
    this.hooks = {
      initialize: () => {
        const problems = deploymentProblems({
          stage: provider.getStage(),
          parameters: parametersOf([options.param ?? []].flat()),
        });
        if (problems.length > 0) throw new serverless.classes.Error(problems.join('\n'), 'SKEP_CANNOT_BE_DEPLOYED_SO');
      },
      // The checker of definitions takes no variable in an ARN, so they get it when it has looked.
      'after:package:compileFunctions': () => {
        inEveryPartition(serverless.service.provider.compiledCloudFormationTemplate.Resources);
      },
      'before:aws:deploy:deploy:updateStack': async () => {
        const name = `skep-${provider.getStage()}`;
        const template = serverless.service.provider.compiledCloudFormationTemplate;
        if (await takeInTable({ request: await requestOf(provider), name, template, pause })) {
          log.notice(`${name}, a table that an older stack has left, is this stack's now`);
        }
      },
      'after:deploy:deploy': async () => {
        const TableName = `skep-${provider.getStage()}`;
        const request = await requestOf(provider);
        const { Table } = await request('DynamoDB', 'describeTable', { TableName });
        if (Table.DeletionProtectionEnabled) return;
        await request('DynamoDB', 'updateTable', { TableName, DeletionProtectionEnabled: true });
        log.notice(`${TableName} is protected from deletion`);
      },
    };
  }
}

/**
 * Calls AWS with the region and credentials of the deployment. The framework has no calls of its own for plugins any more. The clients are
 * loaded here, since packaging needs none.
 *
 * @param {any} provider
 * @returns {Promise<(service: 'CloudFormation' | 'DynamoDB', method: string, input: object) => Promise<any>>}
 */
async function requestOf(provider) {
  const [config, { CloudFormation }, { DynamoDB }] = await Promise.all([
    provider.getAwsSdkV3Config(),
    import('@aws-sdk/client-cloudformation'),
    import('@aws-sdk/client-dynamodb'),
  ]);
  /** @type {Record<string, any>} */
  const clients = { CloudFormation: new CloudFormation(config), DynamoDB: new DynamoDB(config) };
  return (service, method, input) => clients[service][method](input);
}
