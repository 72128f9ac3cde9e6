// What serverless.yml and the files beside this one take from code when the service is packaged: ${file(resources/made.js):name}.
import { definitionOf, machineNames } from './state-machines.ts';

export { executionAlarms } from './execution-alarms.ts';
export { documentArns, documentNames, documentResources } from './documents.ts';

/** By the name of its file: `${file(resources/made.js):definitions.scale-out}`. */
export const definitions = Object.fromEntries(machineNames.map((name) => [name, definitionOf(name)]));
