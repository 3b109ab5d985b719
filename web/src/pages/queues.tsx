import { useMemo, useRef } from 'preact/hooks';
import type { Queue } from '../api/types';
import { overview, overviewPoints, queues, useTopic } from '../state/live';
import { useKeys } from '../state/keys';
import { formatSort, go, href, param, parseSort, setParams } from '../state/route';
import { useMedia } from '../state/media';
import { Features } from '../ui/features';
import { count, rate } from '../ui/format';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { Page } from '../ui/page';
import { Stat } from '../ui/spark';
import { Empty, Skeleton } from '../ui/states';
import { byNumber, byText, Table, type Column } from '../ui/table';
import { Name } from '../ui/text';

export const queueHref = (vhost: string, name: string): string => href('/ui/queue', { vhost, name });

const rateIn = (queue: Queue) => queue.message_stats?.publish_details?.rate ?? 0;
const rateOut = (queue: Queue) => queue.message_stats?.deliver_get_details?.rate ?? 0;
const rateAck = (queue: Queue) => queue.message_stats?.ack_details?.rate ?? 0;

/** A figure; nothing is said quietly. */
function Figure({ text, tone = '' }: { text: string; tone?: string }) {
  return <span class={text === '0' ? 'zero' : tone}>{text}</span>;
}

function columns(vhosts: boolean, narrow: boolean): Column<Queue>[] {
  const list: Column<Queue>[] = [
    {
      id: 'name',
      head: 'Name',
      compare: byText((queue) => queue.name),
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
      compare: byText((queue) => queue.vhost),
      cell: (queue) => <Name value={queue.vhost} />,
    },
    {
      id: 'features',
      head: 'Features',
      width: '11.5rem',
      class: 'p2',
      compare: byText((queue) => JSON.stringify(queue.arguments)),
      cell: (queue) => <Features queue={queue} />,
    },
    {
      id: 'ready',
      head: 'Ready',
      numeric: true,
      width: '6.5rem',
      compare: byNumber((queue) => queue.messages_ready),
      cell: (queue) => <Figure text={count(queue.messages_ready)} tone="strong" />,
    },
    {
      id: 'unacked',
      head: 'Unacked',
      numeric: true,
      width: '6.5rem',
      compare: byNumber((queue) => queue.messages_unacknowledged),
      cell: (queue) => <Figure text={count(queue.messages_unacknowledged)} />,
    },
    {
      id: 'total',
      head: 'Total',
      numeric: true,
      width: '6.5rem',
      class: 'p3',
      compare: byNumber((queue) => queue.messages),
      cell: (queue) => <Figure text={count(queue.messages)} />,
    },
    {
      id: 'in',
      head: 'In /s',
      numeric: true,
      width: '5.5rem',
      class: 'p1',
      compare: byNumber(rateIn),
      cell: (queue) => <Figure text={rate(rateIn(queue))} tone="tone-publish" />,
    },
    {
      id: 'out',
      head: 'Out /s',
      numeric: true,
      width: '5.5rem',
      class: 'p1',
      compare: byNumber(rateOut),
      cell: (queue) => <Figure text={rate(rateOut(queue))} tone="tone-ok" />,
    },
    {
      id: 'ack',
      head: 'Ack /s',
      numeric: true,
      width: '5.5rem',
      class: 'p3',
      compare: byNumber(rateAck),
      cell: (queue) => <Figure text={rate(rateAck(queue))} tone="tone-ack" />,
    },
    {
      id: 'consumers',
      head: 'Consumers',
      numeric: true,
      width: '7rem',
      class: 'p1',
      compare: byNumber((queue) => queue.consumers),
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
  useTopic('queues');
  const narrow = useMedia('(max-width: 640px)');
  const search = useRef<HTMLInputElement>(null);
  useKeys({
    '/': (event) => {
      event.preventDefault();
      search.current?.focus();
    },
  });
  const all = queues.value;
  const filter = param('q');
  const busy = param('show') === 'busy';
  const sortText = param('sort');
  const sort = useMemo(() => parseSort(sortText, { column: 'name', descending: false }), [sortText]);
  const needle = filter.toLowerCase();
  const rows = useMemo(
    () =>
      (all ?? []).filter(
        (queue) => (!needle || queue.name.toLowerCase().includes(needle)) && (!busy || queue.messages > 0),
      ),
    [all, needle, busy],
  );
  const vhosts = useMemo(() => new Set((all ?? []).map((queue) => queue.vhost)).size > 1, [all]);
  const shown = useMemo(() => columns(vhosts, narrow), [vhosts, narrow]);

  return (
    <Page title="Queues" tab={filter ? `Queues: ${filter}` : 'Queues'}>
      <Totals />
      <div class="toolbar">
        <div class="search">
          <Icon name="search" />
          <input
            ref={search}
            type="search"
            class="input"
            placeholder="Filter by name"
            aria-label="Filter queues by name"
            aria-keyshortcuts="/"
            value={filter}
            onInput={(event) => setParams({ q: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === 'Escape') {
                setParams({ q: null });
                event.currentTarget.blur();
              }
            }}
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={busy}
            onChange={(event) => setParams({ show: event.currentTarget.checked && 'busy' })}
          />
          Only with messages
        </label>
        <span class="spacer" />
        {all ? (
          <span class="muted">
            {rows.length === all.length ? count(all.length) : `${count(rows.length)} of ${count(all.length)}`}{' '}
            {all.length === 1 ? 'queue' : 'queues'}
          </span>
        ) : null}
      </div>
      {!all ? (
        <Skeleton rows={10} />
      ) : all.length === 0 ? (
        <Empty title="No queues yet">
          <p>A queue appears here when a client declares it. To try one:</p>
          <pre class="code">channel.queue_declare('hello', durable=True) # pika, or any other client</pre>
          <pre class="code">leveret publish hello 'first job'</pre>
        </Empty>
      ) : rows.length === 0 ? (
        <Empty title={`0 of ${count(all.length)} queues match`}>
          <button type="button" class="button" onClick={() => setParams({ q: null, show: null })}>
            Clear the filter
          </button>
        </Empty>
      ) : (
        <Table
          label="Queues"
          columns={shown}
          rows={rows}
          rowKey={(queue) => `${queue.vhost}\n${queue.name}`}
          sort={sort}
          onSort={(next) => setParams({ sort: formatSort(next) })}
          rowHeight={narrow ? 56 : 36}
          onRow={(queue) => go(queueHref(queue.vhost, queue.name))}
        />
      )}
    </Page>
  );
}
