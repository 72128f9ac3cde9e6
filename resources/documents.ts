// The SSM documents as they are deployed, each from what src/core/steps/verbs/ says of its verb and the scripts of documents/. A person
// reads one by `npm run document -- <verb>`.
import { readFileSync } from 'node:fs';

import { VERBS } from '../src/core/names.ts';
import type { Verb } from '../src/core/names.ts';
import { UNITS } from '../src/core/steps/verbs/all.ts';
import { COMMON, OF_MANAGERS } from '../src/core/steps/verbs/parameters.ts';
import type { Parameter } from '../src/core/steps/verbs/verb.ts';

type Text = Omit<Parameter, 'value'>;

const NOT_AFTER: Text = {
  description: 'refuses to start after this time, seconds since 1970',
  pattern: '^[0-9]{10,11}$',
};
const EXECUTION_TIMEOUT: Text = {
  description: 'ends the script after this many seconds',
  pattern: '^[1-9][0-9]{1,5}$',
};

const ROOT = new URL('../documents/', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** As SSM has them, for Command documents of one step. */
interface SsmDocument {
  readonly schemaVersion: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly mainSteps: readonly {
    readonly action: string;
    readonly name: string;
    readonly precondition: unknown;
    readonly inputs: { readonly timeoutSeconds: string; readonly runCommand: readonly string[] };
  }[];
}

/** The document of a verb, as SSM gets it. */
export function documentOf(verb: Verb): SsmDocument {
  const { description, libraries, runsOn, parameters } = UNITS[verb];
  return {
    schemaVersion: '2.2',
    description: `skep ${verb} - ${description}`,
    parameters: {
      cluster: declared(COMMON.cluster),
      notAfter: declared(NOT_AFTER),
      // SSM itself reads it as the step's timeout, so it is spliced in.
      executionTimeout: spliced(EXECUTION_TIMEOUT),
      epoch: declared(COMMON.epoch),
      ...(runsOn === 'manager' ? { swarmId: declared(OF_MANAGERS.swarmId) } : {}),
      ...Object.fromEntries(Object.entries(parameters).map(([name, one]) => [name, declared(one)])),
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: verb,
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: '{{ executionTimeout }}',
          runCommand: [
            ...['common', ...libraries].map((library) => text(`lib/${library}.sh`)),
            withParameters(text(`verbs/${verb}.sh`), Object.keys(parameters)),
          ],
        },
      },
    ],
  };
}

function spliced({ description, preset, pattern, maxChars }: Text): Record<string, unknown> {
  return {
    type: 'String',
    description,
    ...(preset === undefined ? {} : { default: preset }),
    allowedPattern: pattern,
    ...(maxChars === undefined ? {} : { maxChars }),
  };
}

/** The agent hands it to the script in its environment. */
const declared = (parameter: Text): Record<string, unknown> => ({
  ...spliced(parameter),
  interpolationType: 'ENV_VAR',
});

/** After the comment at the head of a script: where its parameters come from. Agents before 3.3.2746.0 splice them into the text. */
function withParameters(script: string, names: readonly string[]): string {
  const lines = script.split('\n');
  const head = lines.findIndex((line) => !line.startsWith('#'));
  const read = names.map((name) => `if [ -z "\${SSM_${name}+x}" ]; then SSM_${name}='{{ ${name} }}'; fi`);
  return [...lines.slice(0, head), ...read, ...lines.slice(head)].join('\n');
}

const logicalId = (verb: Verb): string => `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Document`;

/**
 * The resources of the stack. `NewVersion`: a change makes a new version and the default of it, instead of a replacement that the fixed
 * name would refuse. JSON: what CloudFormation hands over is the object.
 */
export const documentResources = {
  Resources: Object.fromEntries(
    VERBS.map((verb) => [
      logicalId(verb),
      {
        Type: 'AWS::SSM::Document',
        Properties: {
          Name: `skep-\${sls:stage}-${verb}`,
          DocumentType: 'Command',
          DocumentFormat: 'JSON',
          TargetType: '/AWS::EC2::Instance',
          UpdateMethod: 'NewVersion',
          Content: documentOf(verb),
        },
      },
    ]),
  ),
};

/** What a person sends by hand wakes nobody, and no role may send it. */
const SENT_BY_MACHINES = VERBS.filter((verb) => UNITS[verb].byHand !== true);

/** For the rule that hears of the end of their commands. */
export const documentNames = SENT_BY_MACHINES.map((verb) => ({ Ref: logicalId(verb) }));

/** For the role that sends them. */
export const documentArns = SENT_BY_MACHINES.map((verb) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:document/\${${logicalId(verb)}}`,
}));
