// What Step Functions adds to the results of optimized integrations: how the HTTP request went. It counts in the size of a payload.

interface Response {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly bytes: number;
  readonly contentType: string;
  /** Further headers. */
  readonly more?: Readonly<Record<string, string>>;
}

/** `SdkHttpMetadata` and `SdkResponseMetadata` as recorded, headers once as lists and once as texts. `aws-sdk:*` results have neither. */
export function sdkMetadata({ requestId, at, bytes, contentType, more = {} }: Response): Record<string, unknown> {
  const headers = {
    Connection: 'keep-alive',
    'Content-Length': String(bytes),
    'Content-Type': contentType,
    Date: new Date(at).toUTCString(),
    ...more,
    'x-amzn-RequestId': requestId,
  };
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, [value]])),
      HttpHeaders: headers,
      HttpStatusCode: 200,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}
