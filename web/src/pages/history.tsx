import * as calls from '../api/calls';
import type { MessageStats, QueueTotals } from '../api/types';
import { overview } from '../state/live';
import { useResource } from '../state/resource';
import { param, setParams } from '../state/route';
import { Chart } from '../ui/chart';
import { count, rate } from '../ui/format';
import { lengthPoints, ratePoints, type Series } from '../ui/series';
import { Failure, Skeleton } from '../ui/states';

/** How far back, in the steps that the server keeps. */
const spans = [
  ['10min', '10 min', { age: 600, incr: 5 }],
  ['1h', '1 h', { age: 3600, incr: 60 }],
  ['8h', '8 h', { age: 28_800, incr: 600 }],
  ['24h', '24 h', { age: 86_400, incr: 1800 }],
] as const;

const lengths = (totals: QueueTotals, since: number): Series[] => [
  { label: 'Ready', tone: 'tone-publish', points: lengthPoints(totals.messages_ready_details, since) },
  { label: 'Unacked', tone: 'tone-ack', points: lengthPoints(totals.messages_unacknowledged_details, since) },
];

/** What never happened is left out, but for the main ones. */
function rates(stats: MessageStats, since: number): Series[] {
  const series = [
    { label: 'Publish', tone: 'tone-publish', points: ratePoints(stats.publish_details, since) },
    { label: 'Deliver', tone: 'tone-ok', points: ratePoints(stats.deliver_get_details, since) },
    { label: 'Ack', tone: 'tone-ack', points: ratePoints(stats.ack_details, since) },
  ];
  const rest = [
    { label: 'Redeliver', tone: 'tone-warn', points: ratePoints(stats.redeliver_details, since) },
    { label: 'Dead-letter', tone: 'tone-danger', points: ratePoints(stats.dead_lettered_details, since) },
  ];
  return [...series, ...rest.filter(({ points }) => points.some(({ value }) => value))];
}

interface ChartsProps {
  totals: QueueTotals;
  stats: MessageStats;
}

function Charts({ totals, stats }: ChartsProps) {
  // Before the start of the server nobody knows.
  const since = Date.now() - (overview.value?.uptime ?? Infinity);
  return (
    <div class="charts">
      <Chart title="Messages" series={lengths(totals, since)} format={(value) => count(Math.round(value))} />
      <Chart title="Rates per second" series={rates(stats, since)} format={rate} />
    </div>
  );
}

/** Of all queues together, back to a day. */
export function OverviewHistory() {
  const chosen = spans.find(([id]) => id === param('span')) ?? spans[0];
  const [id, , span] = chosen;
  const { data, error, reload } = useResource(
    `history ${id}`,
    (signal) => calls.overviewHistory(span, signal),
    id === '10min' ? 5_000 : 30_000,
    { keep: true },
  );
  return (
    <section class="card history" aria-labelledby="history-title">
      <header class="history-head">
        <h2 id="history-title">The last</h2>
        <div class="segments" role="group" aria-label="How far back">
          {spans.map(([each, label]) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === id}
              onClick={() => setParams({ span: each === '10min' ? null : each })}
            >
              {label}
            </button>
          ))}
        </div>
      </header>
      {data ? (
        <Charts totals={data.queue_totals} stats={data.message_stats ?? {}} />
      ) : error ? (
        <Failure error={error} retry={reload} />
      ) : (
        <Skeleton rows={4} />
      )}
    </section>
  );
}

/** Of one queue: ten minutes, which is what the server keeps of each. */
export function QueueHistory({ vhost, name }: { vhost: string; name: string }) {
  const { data, error, reload } = useResource(
    `history ${vhost} ${name}`,
    (signal) => calls.queueHistory(vhost, name, spans[0][2], signal),
    5_000,
  );
  const isKept = data?.messages_ready_details?.samples;
  return (
    <section class="card history" aria-labelledby="history-title">
      <h2 id="history-title">The last 10 min</h2>
      {data && isKept ? (
        <Charts totals={data} stats={data.message_stats ?? {}} />
      ) : data ? (
        <p class="muted">Nothing is known of it yet. Of very many busy queues the server keeps some.</p>
      ) : error ? (
        <Failure error={error} retry={reload} />
      ) : (
        <Skeleton rows={4} />
      )}
    </section>
  );
}
