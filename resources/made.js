// What serverless.yml and the files beside this one take from code when the service is packaged: ${file(resources/made.js):name}.
export { documentArns, documentNames, documentResources } from './documents.ts';
