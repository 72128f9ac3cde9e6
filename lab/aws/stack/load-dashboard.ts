// A dashboard of the template: its body is a text, which CloudWatch reads only when it is deployed.
import { named, parse } from './resource.ts';
import * as schemas from './schemas.ts';
import { StackError } from './stack.ts';
import type { StackDashboard, StackWidget } from './stack.ts';
import type { ResolvedResource } from './template.ts';

/** @throws StackError where CloudWatch would not take it, or the lab does not know what is in it */
export function dashboard(resource: ResolvedResource): StackDashboard {
  const { DashboardName, DashboardBody } = parse(resource, schemas.dashboard);
  const { widgets } = parse({ ...resource, properties: bodyOf(resource, DashboardBody) }, schemas.dashboardBody);
  const shown = widgets.map(({ properties: it }): StackWidget => {
    const metrics = 'metrics' in it ? it.metrics : [];
    return {
      title: it.title,
      statistic: 'stat' in it ? it.stat : undefined,
      alarms: 'alarms' in it ? it.alarms : [],
      metrics: metrics.filter((metric): metric is string[] => typeof metric[0] === 'string'),
      searches: metrics.flatMap(([first]) => (typeof first === 'object' ? [first.expression] : [])),
    };
  });
  return { ...named(resource, DashboardName), widgets: shown };
}

function bodyOf({ logicalId }: ResolvedResource, text: string): ResolvedResource['properties'] {
  try {
    return JSON.parse(text) as ResolvedResource['properties'];
  } catch {
    throw new StackError(logicalId, 'its body is not JSON');
  }
}
