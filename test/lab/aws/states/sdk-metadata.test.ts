// How the results of optimized integrations tell of the request.
import { expect, it } from '@jest/globals';

import { sdkMetadata } from '../../../../lab/aws/states/sdk-metadata.ts';

it('has each header as a list and as a text, and the id of the request twice', () => {
  const given = {
    requestId: 'id',
    at: Date.UTC(2026, 0, 1),
    bytes: 82,
    contentType: 'application/json',
    more: { X: 'y' },
  };

  expect(sdkMetadata(given)).toEqual({
    SdkHttpMetadata: {
      AllHttpHeaders: expect.objectContaining({ 'Content-Length': ['82'], X: ['y'], 'x-amzn-RequestId': ['id'] }),
      HttpHeaders: expect.objectContaining({ Date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'x-amzn-RequestId': 'id' }),
      HttpStatusCode: 200,
    },
    SdkResponseMetadata: { RequestId: 'id' },
  });
});
