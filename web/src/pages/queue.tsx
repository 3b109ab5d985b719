import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import { queueTopic, useTopic, watched } from '../state/live';
import { notify } from '../state/notices';
import { useResource } from '../state/resource';
import { go, href, param } from '../state/route';
import { ConfirmByName } from '../ui/dialog';
import { Features } from '../ui/features';
import { count, plural } from '../ui/format';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { Page } from '../ui/page';
import { Failure, Skeleton } from '../ui/states';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';
import { deadLettersHref } from './dead_letters';
import { Publish } from './publish';
import { Summary } from './queue_summary';
import { Bindings, Consumers, Messages } from './queue_tabs';

const tabs = [
  ['summary', 'Summary'],
  ['messages', 'Messages'],
  ['consumers', 'Consumers'],
  ['bindings', 'Bindings'],
] as const;
type Tab = (typeof tabs)[number][0];

/** One queue: what it holds, how it moves, who works on it, and what can be done to it. */
export function Queue() {
  const vhost = param('vhost') || '/';
  const name = param('name');
  const topic = queueTopic(vhost, name);
  useTopic('overview');
  useTopic(topic);
  const first = useResource(topic, (signal) => calls.queue(vhost, name, signal));
  const [dialog, setDialog] = useState<'publish' | 'purge' | 'delete' | null>(null);

  const live = watched.value?.topic === topic ? watched.value.queue : null;
  const queue = first.error?.status === 404 ? null : (live ?? first.data);
  const tab: Tab = tabs.find(([id]) => id === param('tab'))?.[0] ?? 'summary';
  const to = (id: Tab) => href('/ui/queue', { vhost, name, tab: id === 'summary' ? null : id });
  const close = () => setDialog(null);

  const above = (
    <Link to="/ui/queues" class="back">
      <Icon name="back" /> Queues
      {vhost !== '/' ? (
        <>
          {' in '}
          <Name value={vhost} />
        </>
      ) : null}
    </Link>
  );
  const beside = queue && (
    <>
      <Features queue={queue} />
      <span class="spacer" />
      {queue.x?.dead_letter_sources?.length ? (
        <Link to={deadLettersHref(vhost, name)} class="button">
          <Icon name="replay" /> Replay…
        </Link>
      ) : null}
      <button type="button" class="button" onClick={() => setDialog('publish')}>
        <Icon name="send" /> Publish…
      </button>
      <span class="divider" />
      <button
        type="button"
        class="button quiet-danger"
        disabled={queue.messages_ready === 0}
        onClick={() => setDialog('purge')}
      >
        Purge…
      </button>
      <button type="button" class="button quiet-danger" onClick={() => setDialog('delete')}>
        Delete…
      </button>
    </>
  );
  return (
    <Page
      title={<Name value={name} />}
      tab={queue?.messages ? `(${count(queue.messages)}) ${name}` : name || 'Queue'}
      above={above}
      beside={beside}
    >
      {first.error && !queue ? (
        <Failure error={first.error} {...(first.error.status === 404 ? {} : { retry: first.reload })}>
          {first.error.status === 404 ? (
            <p>
              It may have been deleted. <Link to="/ui/queues">Back to all queues</Link>
            </p>
          ) : null}
        </Failure>
      ) : !queue ? (
        <Skeleton rows={8} />
      ) : (
        <>
          <nav class="tabs" aria-label="Parts of this queue">
            {tabs.map(([id, label]) => (
              <Link key={id} to={to(id)} aria-current={tab === id ? 'page' : undefined} replace>
                {label}
                {id === 'messages' ? <span class="tab-count">{count(queue.messages)}</span> : null}
                {id === 'consumers' ? <span class="tab-count">{count(queue.consumers)}</span> : null}
              </Link>
            ))}
          </nav>
          {tab === 'summary' ? <Summary queue={queue} /> : null}
          {tab === 'messages' ? <Messages vhost={vhost} name={name} queue={queue} /> : null}
          {tab === 'consumers' ? <Consumers vhost={vhost} name={name} consumers={queue.consumers} /> : null}
          {tab === 'bindings' ? <Bindings vhost={vhost} name={name} /> : null}
          {dialog === 'publish' ? <Publish vhost={vhost} queue={name} onClose={close} /> : null}
          {dialog === 'purge' ? (
            <ConfirmByName
              title="Purge this queue"
              name={name}
              action={`Purge ${plural(queue.messages_ready, 'message')} from ${visible(name)}`}
              onClose={close}
              onConfirm={async () => {
                await calls.purgeQueue(vhost, name);
                notify('ok', `Purged ${visible(name)}`);
                close();
              }}
            >
              <p>
                All ready messages ({count(queue.messages_ready)} now) are removed for good.{' '}
                {plural(queue.messages_unacknowledged, 'unacked message')} held by consumers stay. This cannot be
                undone.
              </p>
            </ConfirmByName>
          ) : null}
          {dialog === 'delete' ? (
            <ConfirmByName
              title="Delete this queue"
              name={name}
              action={`Delete ${visible(name)} with ${plural(queue.messages, 'message')}`}
              onClose={close}
              onConfirm={async () => {
                await calls.deleteQueue(vhost, name);
                notify('ok', `Deleted ${visible(name)}`);
                go('/ui/queues');
              }}
            >
              <p>
                The queue goes with its {plural(queue.messages, 'message')}, its bindings and{' '}
                {plural(queue.consumers, 'consumer')}. This cannot be undone.
              </p>
            </ConfirmByName>
          ) : null}
        </>
      )}
    </Page>
  );
}
