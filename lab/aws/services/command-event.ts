// The event of a command's end, as Systems Manager sends it.

interface Ended {
  readonly commandId: string;
  readonly document: string;
  readonly instanceId: string;
  readonly requestedAt: number;
  readonly status: string;
}

export function endEvent({ commandId, document, instanceId, requestedAt, status }: Ended): {
  'detail-type': string;
  resources: string[];
  detail: Record<string, unknown>;
} {
  return {
    'detail-type': 'EC2 Command Invocation Status-change Notification',
    resources: [`arn:aws:ec2:eu-west-1:123456789012:instance/${instanceId}`],
    detail: {
      'command-id': commandId,
      'document-name': document,
      'instance-id': instanceId,
      'requested-date-time': new Date(requestedAt).toISOString(),
      // The event page spells it so, the API with two l.
      status: status === 'Cancelled' ? 'Canceled' : status,
    },
  };
}
