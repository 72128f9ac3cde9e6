// The stack's dashboard with what the lab has counted: each widget as a table, the last or the sum as the widget wants it.
import type { Alarms, Metric } from '../aws/alarms.ts';
import type { StackAlarm, StackDashboard, StackWidget } from '../aws/stack/stack.ts';

export interface ShownWidget {
  readonly title: string;
  readonly rows: readonly { readonly label: string; readonly value: number | string }[];
}

export function show(
  { widgets }: StackDashboard,
  alarms: Pick<Alarms, 'metrics' | 'rang'>,
  known: readonly StackAlarm[],
): ShownWidget[] {
  const rang = new Set(alarms.rang());
  return widgets.map((widget) => ({
    title: widget.title,
    rows: [
      ...known
        .filter(({ arn }) => widget.alarms.includes(arn))
        .map(({ name }) => ({ label: name, value: rang.has(name) ? 'has rung' : 'ok' })),
      ...widget.searches.flatMap((search) => searched(search, widget, alarms.metrics)),
      ...widget.metrics.map((wanted) => plain(wanted, widget, alarms.metrics)),
    ],
  }));
}

/** Of SEARCH as much as the stack's dashboard uses: a namespace with its dimensions, a metric, and the value of one dimension. */
const SEARCH = /^SEARCH\('\{(?<schema>[^}]+)\} MetricName="(?<name>\w+)" service="(?<service>[^"]+)"'/;

function searched(search: string, widget: StackWidget, metrics: readonly Metric[]): ShownWidget['rows'] {
  const { schema = '', name, service } = SEARCH.exec(search)?.groups ?? {};
  if (name === undefined) {
    throw new Error(`the lab does not know the search ${search}`);
  }
  const [namespace, ...dimensions] = schema.split(',');
  return metrics
    .filter(
      (metric) =>
        metric.namespace === namespace &&
        metric.name === name &&
        metric.dimensions['service'] === service &&
        Object.keys(metric.dimensions).toSorted().join() === dimensions.toSorted().join(),
    )
    .map((metric) => ({ label: `${name}, ${metric.dimensions['cluster'] ?? ''}`, value: valueOf(metric, widget) }));
}

function plain(
  wanted: readonly string[],
  widget: StackWidget,
  metrics: readonly Metric[],
): ShownWidget['rows'][number] {
  const [namespace, name = '', dimension = '', value = ''] = wanted;
  const found = metrics.find(
    (metric) =>
      metric.namespace === namespace &&
      metric.name === name &&
      Object.keys(metric.dimensions).join() === dimension &&
      metric.dimensions[dimension] === value,
  );
  const label = namespace === 'skep' ? name : `${name}, ${value.split(':').at(-1) ?? ''}`;
  return { label, value: found === undefined ? '-' : valueOf(found, widget) };
}

const valueOf = ({ points }: Metric, { statistic }: StackWidget): number =>
  statistic === 'Sum' ? points.reduce((sum, { value }) => sum + value, 0) : (points.at(-1)?.value ?? 0);
