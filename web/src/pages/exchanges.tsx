import { useMemo } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Exchange } from '../api/types';
import { useTopic } from '../state/live';
import { useResource } from '../state/resource';
import { formatSort, param, parseSort, setParams } from '../state/route';
import { count } from '../ui/format';
import { Page } from '../ui/page';
import { Failure, Skeleton } from '../ui/states';
import { byNumber, byText, Table, type Column } from '../ui/table';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

const into = (exchange: Exchange) => exchange.message_stats?.publish_in ?? 0;
const outOf = (exchange: Exchange) => exchange.message_stats?.publish_out ?? 0;

function traits(exchange: Exchange): string {
  const alternate = exchange.arguments['alternate-exchange'];
  return [
    exchange.durable ? 'durable' : 'transient',
    exchange.auto_delete && 'auto-delete',
    exchange.internal && 'internal',
    typeof alternate === 'string' && `else to ${visible(alternate)}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function columns(vhosts: boolean): Column<Exchange>[] {
  const list: Column<Exchange>[] = [
    {
      id: 'name',
      head: 'Name',
      class: 'main-cell',
      compare: byText((e) => e.name),
      cell: (e) => (e.name ? <Name value={e.name} class="strong" /> : <span class="muted">(default exchange)</span>),
    },
    {
      id: 'vhost',
      head: 'Virtual host',
      width: '9rem',
      class: 'p1',
      compare: byText((e) => e.vhost),
      cell: (e) => <Name value={e.vhost} />,
    },
    { id: 'type', head: 'Type', width: '9rem', compare: byText((e) => e.type), cell: (e) => <Name value={e.type} /> },
    {
      id: 'traits',
      head: 'Kept',
      width: '18rem',
      class: 'p1',
      compare: byText(traits),
      cell: (e) => <span class="one-line muted">{traits(e)}</span>,
    },
    {
      id: 'in',
      head: 'Published in',
      numeric: true,
      width: '8rem',
      compare: byNumber(into),
      cell: (e) => <span class={into(e) ? '' : 'zero'}>{count(into(e))}</span>,
    },
    {
      id: 'out',
      head: 'Routed out',
      numeric: true,
      width: '8rem',
      class: 'p1',
      compare: byNumber(outOf),
      cell: (e) => <span class={outOf(e) ? '' : 'zero'}>{count(outOf(e))}</span>,
    },
  ];
  return list.filter(({ id }) => id !== 'vhost' || vhosts);
}

/** Where messages are published to. */
export function Exchanges() {
  useTopic('overview');
  const { data, error, reload } = useResource('exchanges', calls.exchanges, 5_000);
  const sortText = param('sort');
  const sort = useMemo(() => parseSort(sortText, { column: 'name', descending: false }), [sortText]);
  const vhosts = new Set((data ?? []).map((exchange) => exchange.vhost)).size > 1;
  const shown = useMemo(() => columns(vhosts), [vhosts]);
  return (
    <Page title="Exchanges" tab={data ? `(${count(data.length)}) Exchanges` : 'Exchanges'}>
      {error && !data ? (
        <Failure error={error} retry={reload} />
      ) : !data ? (
        <Skeleton rows={8} />
      ) : (
        <Table
          label="Exchanges"
          columns={shown}
          rows={data}
          rowKey={(e) => `${e.vhost}\n${e.name}`}
          sort={sort}
          onSort={(next) => setParams({ sort: formatSort(next) })}
        />
      )}
    </Page>
  );
}
