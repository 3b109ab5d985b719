import { useMemo } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Queue } from '../api/types';
import { useList } from '../state/list';
import { overview, overviewPoints, useTopic } from '../state/live';
import { go, href, param, setParams } from '../state/route';
import { useMedia } from '../state/media';
import { Features } from '../ui/features';
import { count, rate } from '../ui/format';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { List } from '../ui/list';
import { Page } from '../ui/page';
import { Stat } from '../ui/spark';
import { Empty } from '../ui/states';
import type { Column } from '../ui/table';
import { Name } from '../ui/text';
import { useVhostFilter, VhostFilter } from '../ui/vhost_filter';

export const queueHref = (vhost: string, name: string): string => href('/ui/queue', { vhost, name });

const rateIn = (queue: Queue) => queue.message_stats?.publish_details?.rate ?? 0;
const rateOut = (queue: Queue) => queue.message_stats?.deliver_get_details?.rate ?? 0;
const rateAck = (queue: Queue) => queue.message_stats?.ack_details?.rate ?? 0;

/** What a row needs of a queue; the rest is not sent. */
const fields = [
  'name',
  'vhost',
  'durable',
  'auto_delete',
  'exclusive',
  'arguments',
  'policy',
  'operator_policy',
  'messages',
  'messages_ready',
  'messages_unacknowledged',
  'consumers',
  'message_stats.publish_details',
  'message_stats.deliver_get_details',
  'message_stats.ack_details',
  'x.dead_letter_sources',
] as const;

/** A figure; nothing is said quietly. */
function Figure({ text, tone = '' }: { text: string; tone?: string }) {
  return <span class={text === '0' ? 'zero' : tone}>{text}</span>;
}

function columns(vhosts: boolean, narrow: boolean): Column<Queue>[] {
  const list: Column<Queue>[] = [
    {
      id: 'name',
      head: 'Name',
      sortPath: 'name',
      class: 'main-cell',
      cell: (queue) => (
        <>
          <Link to={queueHref(queue.vhost, queue.name)} class="row-link">
            <Name value={queue.name} />
          </Link>
          {narrow ? (
            <span class="second-line">
              <Features queue={queue} />
              <span class="muted one-line">
                {rate(rateIn(queue))} in, {rate(rateOut(queue))} out /s
              </span>
            </span>
          ) : null}
        </>
      ),
    },
    {
      id: 'vhost',
      head: 'Virtual host',
      width: '9rem',
      class: 'p2',
      cell: (queue) => <Name value={queue.vhost} />,
    },
    {
      id: 'features',
      head: 'Features',
      width: '11.5rem',
      class: 'p2',
      cell: (queue) => <Features queue={queue} />,
    },
    {
      id: 'ready',
      head: 'Ready',
      numeric: true,
      width: '6.5rem',
      sortPath: 'messages_ready',
      cell: (queue) => <Figure text={count(queue.messages_ready)} tone="strong" />,
    },
    {
      id: 'unacked',
      head: 'Unacked',
      numeric: true,
      width: '6.5rem',
      sortPath: 'messages_unacknowledged',
      cell: (queue) => <Figure text={count(queue.messages_unacknowledged)} />,
    },
    {
      id: 'total',
      head: 'Total',
      numeric: true,
      width: '6.5rem',
      class: 'p3',
      sortPath: 'messages',
      cell: (queue) => <Figure text={count(queue.messages)} />,
    },
    {
      id: 'in',
      head: 'In /s',
      numeric: true,
      width: '5.5rem',
      class: 'p1',
      sortPath: 'message_stats.publish_details.rate',
      cell: (queue) => <Figure text={rate(rateIn(queue))} tone="tone-publish" />,
    },
    {
      id: 'out',
      head: 'Out /s',
      numeric: true,
      width: '5.5rem',
      class: 'p1',
      sortPath: 'message_stats.deliver_get_details.rate',
      cell: (queue) => <Figure text={rate(rateOut(queue))} tone="tone-ok" />,
    },
    {
      id: 'ack',
      head: 'Ack /s',
      numeric: true,
      width: '5.5rem',
      class: 'p3',
      sortPath: 'message_stats.ack_details.rate',
      cell: (queue) => <Figure text={rate(rateAck(queue))} tone="tone-ack" />,
    },
    {
      id: 'consumers',
      head: 'Consumers',
      numeric: true,
      width: '7rem',
      class: 'p1',
      sortPath: 'consumers',
      cell: (queue) => <Consumers queue={queue} />,
    },
  ];
  return list.filter(({ id }) => (id !== 'vhost' || vhosts) && (id !== 'features' || !narrow));
}

/** Messages that nobody takes are worth a word. */
function Consumers({ queue }: { queue: Queue }) {
  const waiting = queue.consumers === 0 && queue.messages_ready > 0 && !queue.x?.dead_letter_sources?.length;
  if (!waiting) return <Figure text={count(queue.consumers)} />;
  return (
    <span class="tone-warn" title="Messages are waiting and there is no consumer">
      <Icon name="warn" /> none
    </span>
  );
}

export function Totals() {
  const server = overview.value;
  const points = overviewPoints.value;
  if (!server) return <dl class="strip" aria-hidden="true" />;
  const stats = server.message_stats;
  const dead = stats?.dead_lettered_details?.rate ?? 0;
  return (
    <dl class="strip" aria-label="All queues">
      <Stat label="Ready" value={count(server.queue_totals.messages_ready)} values={points.map((p) => p.ready)} />
      <Stat
        label="Unacked"
        value={count(server.queue_totals.messages_unacknowledged)}
        values={points.map((p) => p.unacked)}
      />
      <Stat
        label="Publish"
        unit="/s"
        tone="tone-publish"
        value={rate(stats?.publish_details?.rate)}
        values={points.map((p) => p.publish)}
      />
      <Stat
        label="Deliver"
        unit="/s"
        tone="tone-ok"
        value={rate(stats?.deliver_get_details?.rate)}
        values={points.map((p) => p.deliver)}
      />
      <Stat
        label="Ack"
        unit="/s"
        tone="tone-ack"
        value={rate(stats?.ack_details?.rate)}
        values={points.map((p) => p.ack)}
      />
      <Stat label="Dead-lettered" unit="/s" tone="tone-danger" value={rate(dead)} values={points.map((p) => p.dead)} />
    </dl>
  );
}

export function Queues() {
  useTopic('overview');
  const narrow = useMedia('(max-width: 640px)');
  const busy = param('show') === 'busy';
  const vhosts = useVhostFilter();
  const shown = useMemo(() => columns(vhosts.isColumn, narrow), [vhosts.isColumn, narrow]);
  const list = useList<Queue>({
    key: `queues ${vhosts.chosen} ${busy}`,
    load: (query, signal) => calls.queues(vhosts.chosen, { ...query, nonEmpty: busy, columns: fields }, signal),
    columns: shown,
    every: 1_000,
  });

  return (
    <Page title="Queues" tab={list.filter ? `Queues: ${list.filter}` : 'Queues'}>
      <Totals />
      <List
        label="Queues"
        words={['queue', 'queues']}
        list={list}
        columns={shown}
        rowKey={(queue) => `${queue.vhost}\n${queue.name}`}
        rowHeight={narrow ? 56 : 36}
        onRow={(queue) => go(queueHref(queue.vhost, queue.name))}
        tools={
          <>
            <label class="check">
              <input
                type="checkbox"
                checked={busy}
                onChange={(event) => setParams({ show: event.currentTarget.checked && 'busy', page: null })}
              />
              Only with messages
            </label>
            <VhostFilter vhosts={vhosts} />
          </>
        }
        isFiltered={busy}
        filterParams={['show']}
        empty={
          <Empty title="No queues yet">
            <p>A queue appears here when a client declares it. To try one:</p>
            <pre class="code">channel.queue_declare('hello', durable=True) # pika, or any other client</pre>
            <pre class="code">leveret publish hello 'first job'</pre>
          </Empty>
        }
      />
    </Page>
  );
}
