// The topic that people subscribe to.
import { PublishCommand } from '@aws-sdk/client-sns';
import type { SNSClient } from '@aws-sdk/client-sns';

export interface TopicMessage {
  readonly subject: string;
  readonly text: string;
  /** A subscription may filter by these. */
  readonly attributes: Readonly<Record<string, string>>;
}

export async function publish(
  client: SNSClient,
  topic: string,
  { subject, text, attributes }: TopicMessage,
): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
  await client.send(new PublishCommand({ TopicArn: topic, Subject: subject, Message: text, MessageAttributes }));
}
