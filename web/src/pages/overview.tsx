import type { ComponentChildren } from 'preact';
import * as calls from '../api/calls';
import type { Node, Rate } from '../api/types';
import { alarms, node } from '../state/alarms';
import { deadLetters } from '../state/dead_letters';
import { feed, overview, useTopic } from '../state/live';
import { useResource } from '../state/resource';
import { href } from '../state/route';
import { explain } from '../ui/alarm_banner';
import { Fact } from '../ui/fact';
import { bytes, count, plural, rate, span } from '../ui/format';
import { Icon } from '../ui/icons';
import { later } from '../ui/later';
import { Link } from '../ui/link';
import { Page } from '../ui/page';
import { Skeleton } from '../ui/states';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';
import { deadLettersHref } from './dead_letters';
import { queueHref, Totals } from './queues';

const History = later(() => import('./history'))(
  (part) => part.OverviewHistory,
  () => <section class="card history" aria-hidden="true" />,
);

/** Queues and connections that are looked at for what needs somebody; the worst come first. */
const lookedAt = 8;

/** At a glance: is anything wrong, and what to do about it. */
export function Overview() {
  useTopic('overview');
  const server = overview.value;
  return (
    <Page title="Overview" tab={alarms.value.length ? '(!) Overview' : 'Overview'}>
      <Totals />
      <Attention />
      <History />
      <div class="cards">
        {node.value ? <NodeCard node={node.value} /> : null}
        <section class="card">
          <h2>What is there</h2>
          {server ? (
            <dl class="facts">
              <Fact label="Connections">
                <Link to="/ui/connections">{count(server.object_totals.connections)}</Link>
              </Fact>
              <Fact label="Channels">{count(server.object_totals.channels)}</Fact>
              <Fact label="Consumers">{count(server.object_totals.consumers)}</Fact>
              <Fact label="Queues">
                <Link to="/ui/queues">{count(server.object_totals.queues)}</Link>
              </Fact>
              <Fact label="Exchanges">
                <Link to="/ui/exchanges">{count(server.object_totals.exchanges)}</Link>
              </Fact>
            </dl>
          ) : (
            <Skeleton rows={4} />
          )}
        </section>
        <section class="card">
          <h2>Comings and goings</h2>
          {server?.churn_rates ? <Churn rates={server.churn_rates} /> : <Skeleton rows={4} />}
        </section>
      </div>
    </Page>
  );
}

/** Since the start and per second now; much of it is a client that connects anew for every message. */
function Churn({ rates }: { rates: Record<string, number | Rate> }) {
  const total = (name: string) => (typeof rates[name] === 'number' ? (rates[name] as number) : 0);
  const now = (name: string) => {
    const details = rates[`${name}_details`];
    return typeof details === 'object' ? details.rate : 0;
  };
  const line = (label: string, opened: string, closed: string) => (
    <tr key={label}>
      <th scope="row">{label}</th>
      <td class="num">{count(total(opened))}</td>
      <td class="num">{count(total(closed))}</td>
      <td class="num">
        {rate(now(opened))} / {rate(now(closed))}
      </td>
    </tr>
  );
  return (
    <table class="small-table" aria-label="Comings and goings">
      <thead>
        <tr>
          <td />
          <th scope="col" class="num">
            Opened
          </th>
          <th scope="col" class="num">
            Closed
          </th>
          <th scope="col" class="num">
            Now /s
          </th>
        </tr>
      </thead>
      <tbody>
        {line('Connections', 'connection_created', 'connection_closed')}
        {line('Channels', 'channel_created', 'channel_closed')}
        {line('Queues', 'queue_created', 'queue_deleted')}
      </tbody>
    </table>
  );
}

function Meter({ label, used, most, tone }: { label: string; used: number; most: number; tone: string }) {
  return <meter class={`meter ${tone}`} min={0} max={most || 1} value={Math.min(used, most || 1)} aria-label={label} />;
}

function NodeCard({ node: here }: { node: Node }) {
  const memoryTone = here.mem_alarm ? 'tone-danger' : here.mem_used > here.mem_limit * 0.8 ? 'tone-warn' : '';
  const diskTone = here.disk_free_alarm ? 'tone-danger' : here.disk_free < here.disk_free_limit * 2 ? 'tone-warn' : '';
  const filesTone = here.fd_used > here.fd_total * 0.8 ? 'tone-warn' : '';
  return (
    <section class="card">
      <h2>
        Node <Name value={here.name} />
      </h2>
      <dl class="facts">
        <Fact label="Up for">{span(here.uptime)}</Fact>
        <Fact label="Memory" tone={memoryTone}>
          {bytes(here.mem_used)}
          <span class="muted"> of {bytes(here.mem_limit)}</span>
          <Meter label="Memory used" used={here.mem_used} most={here.mem_limit} tone={memoryTone} />
        </Fact>
        <Fact label="Disk free" tone={diskTone}>
          {bytes(here.disk_free)}
          {here.disk_free_limit > 0 ? <span class="muted">, at least {bytes(here.disk_free_limit)}</span> : null}
        </Fact>
        <Fact label="Open files" tone={filesTone}>
          {count(here.fd_used)}
          <span class="muted"> of {count(here.fd_total)}</span>
        </Fact>
        <Fact label="Processors">{count(here.processors)}</Fact>
        {here.db_dir ? (
          <Fact label="Data">
            <Name value={here.db_dir} class="mono" />
          </Fact>
        ) : null}
      </dl>
    </section>
  );
}

interface Line {
  key: string;
  tone: 'danger' | 'warn';
  to: string;
  what: ComponentChildren;
  todo: string;
}

/** What needs somebody, the worst first; each line leads to where it is mended. */
function Attention() {
  const long = useResource(
    'longest queues',
    (signal) =>
      calls.queues(
        '',
        {
          page: 1,
          sort: 'messages_ready',
          descending: true,
          nonEmpty: true,
          columns: [
            'name',
            'vhost',
            'messages_ready',
            'consumers',
            'message_stats.publish_details',
            'x.dead_letter_sources',
          ],
        },
        signal,
      ),
    5_000,
  );
  const blocked = useResource(
    'connections by state',
    (signal) => calls.connections('', { page: 1, sort: 'state', columns: ['name', 'state'] }, signal),
    5_000,
  );
  const lines: Line[] = [];
  for (const alarm of alarms.value) {
    const { reason, remedy } = explain(alarm);
    lines.push({
      key: `alarm ${alarm.resource}`,
      tone: 'danger',
      to: '/ui/connections?sort=state',
      what: reason,
      todo: remedy,
    });
  }
  const stopped = (blocked.data?.items ?? []).filter(({ state }) => state === 'blocked' || state === 'blocking').length;
  if (stopped)
    lines.push({
      key: 'blocked',
      tone: 'danger',
      to: '/ui/connections?sort=state',
      what: `${plural(stopped, 'connection')} may not publish`,
      todo: 'They go on by themselves when the alarm is over.',
    });
  for (const queue of deadLetters.value ?? [])
    if (queue.messages > 0)
      lines.push({
        key: `dead ${queue.vhost} ${queue.name}`,
        tone: queue.dead_lettered_rate ? 'danger' : 'warn',
        to: deadLettersHref(queue.vhost, queue.name),
        what: (
          <>
            {plural(queue.messages, 'dead letter')} in <Name value={queue.name} class="strong" />
            {queue.dead_lettered_rate ? `, +${rate(queue.dead_lettered_rate)}/s` : ''}
          </>
        ),
        todo: 'See why they died, and replay them.',
      });
  for (const queue of long.data?.items ?? [])
    if (queue.consumers === 0 && queue.messages_ready > 0 && !queue.x?.dead_letter_sources?.length)
      lines.push({
        key: `idle ${queue.vhost} ${queue.name}`,
        tone: 'warn',
        to: queueHref(queue.vhost, queue.name),
        what: (
          <>
            {plural(queue.messages_ready, 'message')} in <Name value={queue.name} class="strong" /> and no consumer
            {queue.message_stats?.publish_details?.rate ? `, +${rate(queue.message_stats.publish_details.rate)}/s` : ''}
          </>
        ),
        todo: 'Start a worker, or purge it.',
      });
  const more = lines.length - lookedAt;
  return (
    <section class="card attention" aria-label="What needs you">
      <h2>What needs you</h2>
      {long.error && !long.data ? <p class="form-error">{visible(long.error.message)}</p> : null}
      {lines.length === 0 ? (
        long.data || feed.value.kind === 'live' ? (
          <p class="tone-ok">
            <Icon name="check" /> Nothing needs you.
          </p>
        ) : (
          <Skeleton rows={2} />
        )
      ) : (
        <ul class="attention-list">
          {lines.slice(0, lookedAt).map(({ key, tone, to, what, todo }) => (
            <li key={key}>
              <span class={`tone-${tone}`}>
                <Icon name="warn" />
                <span class="visually-hidden">{tone === 'danger' ? 'Urgent: ' : 'Warning: '}</span>
              </span>
              <Link to={to}>{what}</Link>
              <span class="muted">{todo}</span>
            </li>
          ))}
        </ul>
      )}
      {more > 0 ? (
        <p class="muted">
          and {count(more)} more:{' '}
          <Link to={href('/ui/queues', { sort: '-ready', show: 'busy' })}>queues with messages</Link>
        </p>
      ) : null}
    </section>
  );
}
