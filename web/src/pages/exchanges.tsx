import { useMemo } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Exchange } from '../api/types';
import { useList } from '../state/list';
import { useTopic } from '../state/live';
import { count } from '../ui/format';
import { List } from '../ui/list';
import { Page } from '../ui/page';
import { Empty } from '../ui/states';
import type { Column } from '../ui/table';
import { Name } from '../ui/text';
import { useVhostFilter, VhostFilter } from '../ui/vhost_filter';
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
      sortPath: 'name',
      cell: (e) => (e.name ? <Name value={e.name} class="strong" /> : <span class="muted">(default exchange)</span>),
    },
    {
      id: 'vhost',
      head: 'Virtual host',
      width: '9rem',
      class: 'p1',
      sortPath: 'vhost',
      cell: (e) => <Name value={e.vhost} />,
    },
    { id: 'type', head: 'Type', width: '9rem', sortPath: 'type', cell: (e) => <Name value={e.type} /> },
    {
      id: 'traits',
      head: 'Kept',
      width: '18rem',
      class: 'p1',
      cell: (e) => <span class="one-line muted">{traits(e)}</span>,
    },
    {
      id: 'in',
      head: 'Published in',
      numeric: true,
      width: '8rem',
      sortPath: 'message_stats.publish_in',
      cell: (e) => <span class={into(e) ? '' : 'zero'}>{count(into(e))}</span>,
    },
    {
      id: 'out',
      head: 'Routed out',
      numeric: true,
      width: '8rem',
      class: 'p1',
      sortPath: 'message_stats.publish_out',
      cell: (e) => <span class={outOf(e) ? '' : 'zero'}>{count(outOf(e))}</span>,
    },
  ];
  return list.filter(({ id }) => id !== 'vhost' || vhosts);
}

/** Where messages are published to. */
export function Exchanges() {
  useTopic('overview');
  const vhosts = useVhostFilter();
  const shown = useMemo(() => columns(vhosts.isColumn), [vhosts.isColumn]);
  const list = useList<Exchange>({
    key: `exchanges ${vhosts.chosen}`,
    load: (query, signal) => calls.exchanges(vhosts.chosen, query, signal),
    columns: shown,
    every: 5_000,
  });
  const { page } = list;
  return (
    <Page title="Exchanges" tab={page ? `(${count(page.filtered_count)}) Exchanges` : 'Exchanges'}>
      <List
        label="Exchanges"
        words={['exchange', 'exchanges']}
        list={list}
        columns={shown}
        rowKey={(e) => `${e.vhost}\n${e.name}`}
        tools={<VhostFilter vhosts={vhosts} />}
        empty={<Empty title="No exchanges" />}
      />
    </Page>
  );
}
