import * as calls from '../api/calls';
import type { Binding, Consumer, Queue } from '../api/types';
import { useMessages } from '../state/messages';
import { useResource } from '../state/resource';
import { count } from '../ui/format';
import { Icon } from '../ui/icons';
import { closeMessage, MessageList, openSeq, step } from '../ui/message_list';
import { MessagePanel } from '../ui/message_panel';
import { Empty, Failure, Skeleton } from '../ui/states';
import { byNumber, byText, Table } from '../ui/table';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

/** The messages in the queue; looking consumes none. */
export function Messages({ vhost, name, queue }: { vhost: string; name: string; queue: Queue }) {
  const browse = useMessages(vhost, name);
  const open = openSeq();
  return (
    <div class={`split ${open === null ? '' : 'with-panel'}`}>
      <div class="split-list">
        <div class="toolbar">
          <span class="muted">Oldest first. Looking consumes nothing.</span>
          <span class="spacer" />
          <button type="button" class="button" onClick={browse.reload} disabled={browse.loading}>
            <Icon name="refresh" />{' '}
            {browse.loaded && queue.messages_ready !== browse.ready
              ? `Refresh: ${count(queue.messages_ready)} ready now`
              : 'Refresh'}
          </button>
        </div>
        <MessageList
          label={`Messages of ${visible(name)}`}
          browse={browse}
          items={browse.items}
          dead={false}
          compact={open !== null}
        />
        {browse.loaded && browse.items.length === 0 ? (
          <Empty title="The queue is empty">
            <p class="muted">Messages appear here when they are published and stay until a consumer acks them.</p>
          </Empty>
        ) : null}
      </div>
      {open === null ? null : (
        <MessagePanel
          vhost={vhost}
          queue={name}
          seq={open}
          onClose={closeMessage}
          onStep={(by) => step(browse.items, by)}
        />
      )}
    </div>
  );
}

/** Who takes messages from the queue. */
export function Consumers({ vhost, name, consumers }: { vhost: string; name: string; consumers: number }) {
  // Asked again whenever the live count changes.
  const { data, error, reload } = useResource(
    `consumers ${vhost} ${name} ${consumers}`,
    (signal) => calls.queue(vhost, name, signal),
    5_000,
  );
  if (error && !data) return <Failure error={error} retry={reload} />;
  if (!data) return <Skeleton rows={3} />;
  const rows = data.consumer_details ?? [];
  if (rows.length === 0) {
    return (
      <Empty title="No consumer">
        <p>Nobody takes messages from this queue. A worker pool in any language:</p>
        <pre class="code">leveret work {visible(name)} --concurrency 4 -- ./handle-job</pre>
      </Empty>
    );
  }
  const channel = (consumer: Consumer) => consumer.channel_details ?? {};
  return (
    <Table
      label="Consumers"
      rows={rows}
      rowKey={(consumer) => `${channel(consumer).name ?? channel(consumer).connection_name}\n${consumer.consumer_tag}`}
      columns={[
        {
          id: 'tag',
          head: 'Consumer tag',
          class: 'main-cell',
          compare: byText((c) => c.consumer_tag),
          cell: (c) => <Name value={c.consumer_tag} />,
        },
        {
          id: 'connection',
          head: 'Connection',
          class: 'p1',
          cell: (c) => <Name value={channel(c).connection_name ?? channel(c).name ?? ''} />,
        },
        { id: 'user', head: 'User', width: '8rem', class: 'p2', cell: (c) => <Name value={channel(c).user ?? ''} /> },
        {
          id: 'ack',
          head: 'Acks',
          width: '8.5rem',
          cell: (c) => (c.ack_required === false ? 'automatic' : 'by consumer'),
        },
        {
          id: 'prefetch',
          head: 'Prefetch',
          numeric: true,
          width: '6rem',
          compare: byNumber((c) => c.prefetch_count ?? 0),
          cell: (c) => (c.prefetch_count ? count(c.prefetch_count) : 'no limit'),
        },
      ]}
    />
  );
}

/** From where the queue gets its messages. */
export function Bindings({ vhost, name }: { vhost: string; name: string }) {
  const { data, error, reload } = useResource(
    `bindings ${vhost} ${name}`,
    (signal) => calls.queueBindings(vhost, name, signal),
    5_000,
  );
  if (error && !data) return <Failure error={error} retry={reload} />;
  if (!data) return <Skeleton rows={3} />;
  const text = (binding: Binding) => (Object.keys(binding.arguments).length ? JSON.stringify(binding.arguments) : '');
  return (
    <Table
      label="Bindings"
      rows={data}
      rowKey={(binding) => `${binding.source}\n${binding.properties_key}`}
      columns={[
        {
          id: 'source',
          head: 'From exchange',
          class: 'main-cell',
          cell: (b) => (b.source ? <Name value={b.source} /> : <span class="muted">(default exchange)</span>),
        },
        { id: 'key', head: 'Routing key', cell: (b) => <Name value={b.routing_key} /> },
        {
          id: 'arguments',
          head: 'Arguments',
          class: 'p1',
          cell: (b) => (text(b) ? <Name value={text(b)} class="mono" /> : <span class="zero">none</span>),
        },
      ]}
    />
  );
}
