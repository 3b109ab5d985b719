import { useMemo } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Connection } from '../api/types';
import { useTopic } from '../state/live';
import { useResource } from '../state/resource';
import { formatSort, param, parseSort, setParams } from '../state/route';
import { count } from '../ui/format';
import { Page } from '../ui/page';
import { Empty, Failure, Skeleton } from '../ui/states';
import { byNumber, byText, Table, type Column } from '../ui/table';
import { Ago, Name } from '../ui/text';

/** What the client calls itself, or the pair of addresses. */
function clientName(connection: Connection): string {
  const given = connection.client_properties?.['connection_name'];
  return typeof given === 'string' && given ? given : connection.name;
}

const peer = (connection: Connection) =>
  connection.peer_host ? `${connection.peer_host}:${connection.peer_port ?? ''}` : '';
const product = (connection: Connection) =>
  ['product', 'version']
    .map((name) => connection.client_properties?.[name])
    .filter((value) => typeof value === 'string')
    .join(' ');

const columns: Column<Connection>[] = [
  {
    id: 'name',
    head: 'Name',
    class: 'main-cell',
    compare: byText(clientName),
    cell: (c) => <Name value={clientName(c)} class="strong" />,
  },
  {
    id: 'user',
    head: 'User',
    width: '8rem',
    class: 'p1',
    compare: byText((c) => c.user),
    cell: (c) => <Name value={c.user} />,
  },
  {
    id: 'vhost',
    head: 'Virtual host',
    width: '8rem',
    class: 'p2',
    compare: byText((c) => c.vhost),
    cell: (c) => <Name value={c.vhost} />,
  },
  {
    id: 'peer',
    head: 'Peer',
    width: '12rem',
    class: 'p1',
    compare: byText(peer),
    cell: (c) => <Name value={peer(c) || c.name} class="mono" />,
  },
  {
    id: 'client',
    head: 'Client',
    width: '11rem',
    class: 'p2',
    compare: byText(product),
    cell: (c) => (product(c) ? <Name value={product(c)} /> : <span class="zero">not told</span>),
  },
  {
    id: 'channels',
    head: 'Channels',
    numeric: true,
    width: '7rem',
    compare: byNumber((c) => c.channels),
    cell: (c) => count(c.channels),
  },
  {
    id: 'state',
    head: 'State',
    width: '7rem',
    compare: byText((c) => c.state),
    cell: (c) => <span class={c.state === 'running' ? '' : 'tone-warn'}>{c.state}</span>,
  },
  {
    id: 'since',
    head: 'Since',
    numeric: true,
    width: '8.5rem',
    class: 'p3',
    compare: byNumber((c) => c.connected_at ?? 0),
    cell: (c) => (c.connected_at ? <Ago ms={c.connected_at} /> : null),
  },
];

/** Who is connected. */
export function Connections() {
  useTopic('overview');
  const { data, error, reload } = useResource('connections', calls.connections, 3_000);
  const sortText = param('sort');
  const sort = useMemo(() => parseSort(sortText, { column: 'name', descending: false }), [sortText]);
  return (
    <Page title="Connections" tab={data ? `(${count(data.length)}) Connections` : 'Connections'}>
      {error && !data ? (
        <Failure error={error} retry={reload} />
      ) : !data ? (
        <Skeleton rows={6} />
      ) : data.length === 0 ? (
        <Empty title="No client is connected">
          <p>AMQP clients connect with their usual settings:</p>
          <pre class="code">amqp://guest:guest@{location.hostname}:5672/</pre>
        </Empty>
      ) : (
        <Table
          label="Connections"
          columns={columns}
          rows={data}
          rowKey={(c) => c.name}
          sort={sort}
          onSort={(next) => setParams({ sort: formatSort(next) })}
        />
      )}
    </Page>
  );
}
