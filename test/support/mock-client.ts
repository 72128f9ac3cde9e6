// Mocks of the SDK's clients that are gone with the file that made them: all files of a worker share the SDK.
import { afterAll } from '@jest/globals';
import { mockClient as mockForEver } from 'aws-sdk-client-mock';

/** Call it while a file of tests, or a `describe` of it, is loaded. */
export const mockClient: typeof mockForEver = (client) => {
  const mock = mockForEver(client);
  afterAll(() => {
    mock.restore();
  });
  return mock;
};
