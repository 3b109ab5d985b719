import * as calls from '../api/calls';
import type { Connection } from '../api/types';
import { useTopic } from '../state/live';
import { useList } from '../state/list';
import { count } from '../ui/format';
import { List } from '../ui/list';
import { Page } from '../ui/page';
import { Empty } from '../ui/states';
import type { Column } from '../ui/table';
import { Ago, Name } from '../ui/text';
import { useVhostFilter, VhostFilter } from '../ui/vhost_filter';

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
    sortPath: 'client_properties.connection_name',
    cell: (c) => <Name value={clientName(c)} class="strong" />,
  },
  {
    id: 'user',
    head: 'User',
    width: '8rem',
    class: 'p1',
    sortPath: 'user',
    cell: (c) => <Name value={c.user} />,
  },
  {
    id: 'vhost',
    head: 'Virtual host',
    width: '8rem',
    class: 'p2',
    sortPath: 'vhost',
    cell: (c) => <Name value={c.vhost} />,
  },
  {
    id: 'peer',
    head: 'Peer',
    width: '12rem',
    class: 'p1',
    sortPath: 'peer_host',
    cell: (c) => <Name value={peer(c) || c.name} class="mono" />,
  },
  {
    id: 'client',
    head: 'Client',
    width: '11rem',
    class: 'p2',
    sortPath: 'client_properties.product',
    cell: (c) => (product(c) ? <Name value={product(c)} /> : <span class="zero">not told</span>),
  },
  {
    id: 'channels',
    head: 'Channels',
    numeric: true,
    width: '7rem',
    sortPath: 'channels',
    cell: (c) => count(c.channels),
  },
  {
    id: 'state',
    head: 'State',
    width: '7rem',
    sortPath: 'state',
    cell: (c) => <State state={c.state} />,
  },
  {
    id: 'since',
    head: 'Since',
    numeric: true,
    width: '8.5rem',
    class: 'p3',
    sortPath: 'connected_at',
    cell: (c) => (c.connected_at ? <Ago ms={c.connected_at} /> : null),
  },
];

/** What the broker does about a client that is too fast, in words on hover. */
const states: Record<string, string> = {
  flow: 'slowed down for a moment, as the broker is behind',
  blocking: 'will be blocked at its next publish, as an alarm is in effect',
  blocked: 'may not publish, as an alarm is in effect',
};

function State({ state }: { state: string }) {
  return (
    <span class={state === 'running' ? '' : 'tone-warn'} title={states[state]}>
      {state}
    </span>
  );
}

/** Who is connected. */
export function Connections() {
  useTopic('overview');
  const vhosts = useVhostFilter();
  const list = useList<Connection>({
    key: `connections ${vhosts.chosen}`,
    load: (query, signal) => calls.connections(vhosts.chosen, query, signal),
    columns,
    every: 3_000,
  });
  const { page } = list;
  return (
    <Page title="Connections" tab={page ? `(${count(page.filtered_count)}) Connections` : 'Connections'}>
      <List
        label="Connections"
        words={['connection', 'connections']}
        list={list}
        columns={columns}
        rowKey={(c) => c.name}
        tools={<VhostFilter vhosts={vhosts} />}
        empty={
          <Empty title="No client is connected">
            <p>AMQP clients connect with their usual settings:</p>
            <pre class="code">amqp://guest:guest@{location.hostname}:5672/</pre>
          </Empty>
        }
      />
    </Page>
  );
}
