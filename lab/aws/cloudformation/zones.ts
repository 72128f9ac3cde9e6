// Hosted zones that a template makes: zones of the lab's Route 53.
import type { Route53 } from '../services/route53.ts';
import { HandlerError, textOf } from './handler.ts';
import type { Handler } from './handler.ts';
import { RECORDS } from './records.ts';

const TYPE = 'AWS::Route53::HostedZone';

export function zoneHandlers(route53: Route53): Readonly<Record<string, Handler>> {
  const handler = RECORDS[TYPE];
  return handler === undefined
    ? {}
    : {
        [TYPE]: {
          ...handler,
          effects: {
            create: ({ id, properties }) => {
              route53.open(id, textOf(properties['Name']));
            },
            remove: ({ id }) => {
              // Beside the records that every zone has by itself.
              if ((route53.zones.get(id)?.records.size ?? 0) > 0) {
                throw new HandlerError(
                  'InvalidRequest',
                  `The specified hosted zone ${id} contains non-required resource record sets`,
                );
              }
              route53.zones.delete(id);
            },
          },
        },
      };
}
