import * as calls from '../api/calls';
import type { DeadLetterQueue } from '../api/types';
import { deadLetters } from '../state/dead_letters';
import { queueTopic, useTopic, watched } from '../state/live';
import { useResource } from '../state/resource';
import { href, param } from '../state/route';
import { count, plural, rate, shortCount } from '../ui/format';
import { Link } from '../ui/link';
import { Page } from '../ui/page';
import { Empty, Failure, Skeleton } from '../ui/states';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';
import { DeadQueue } from './dead_queue';

export const deadLettersHref = (vhost: string, name: string): string => href('/ui/dead-letters', { vhost, name });

/** All dead-letter queues beside the messages of one. */
export function DeadLetters() {
  const vhost = param('vhost') || '/';
  const name = param('name');
  // The shell keeps the list fresh; asking here too shows what is wrong when it cannot be had.
  const first = useResource('dead letters', async () => {
    deadLetters.value = await calls.deadLetters();
    return true;
  });
  useTopic('overview');
  const list = deadLetters.value;
  const total = (list ?? []).reduce((sum, queue) => sum + queue.messages, 0);
  const chosen = list?.find((queue) => queue.vhost === vhost && queue.name === name);
  const tab = `${total ? `(${count(total)}) ` : ''}Dead letters${name ? ` · ${name}` : ''}`;

  return (
    <Page title="Dead letters" tab={tab}>
      {first.error && !list ? (
        <Failure error={first.error} retry={first.reload} />
      ) : !list ? (
        <Skeleton rows={10} />
      ) : list.length === 0 && !name ? (
        <Empty title="No queue dead-letters to another">
          <p>
            Messages that are rejected, expire or fail too often come to a dead-letter queue when their queue names one.
            They can be read and replayed here. To set one up:
          </p>
          <pre class="code">{`channel.queue_declare('jobs.dead', durable=True)
channel.queue_declare('jobs', durable=True, arguments={
    'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'jobs.dead'})`}</pre>
        </Empty>
      ) : (
        <div class={`dead ${name ? 'chosen' : ''}`}>
          <nav class="dead-list" aria-label="Dead-letter queues">
            {list.map((queue) => (
              <QueueLink
                key={`${queue.vhost}\n${queue.name}`}
                queue={queue}
                current={queue === chosen}
                many={list.some((other) => other.vhost !== '/')}
              />
            ))}
          </nav>
          {name ? (
            <DeadQueue key={`${vhost}\n${name}`} vhost={vhost} name={name} queue={chosen} />
          ) : (
            <div class="dead-hint">
              <Empty
                title={total ? `${plural(total, 'dead letter')} in ${plural(list.length, 'queue')}` : 'No dead letters'}
              >
                <p class="muted">{total ? 'Choose a queue to see why they died.' : 'Nothing needs you.'}</p>
              </Empty>
            </div>
          )}
        </div>
      )}
    </Page>
  );
}

function QueueLink({ queue, current, many }: { queue: DeadLetterQueue; current: boolean; many: boolean }) {
  const from = queue.sources.map(visible);
  // The open queue's figure comes with the stream, the others with the list.
  const live = watched.value?.topic === queueTopic(queue.vhost, queue.name) ? watched.value.queue : queue;
  return (
    <Link to={deadLettersHref(queue.vhost, queue.name)} class="dead-link" aria-current={current ? 'true' : undefined}>
      <span class="dead-name">
        <Name value={queue.name} />
        <span class={`num ${live.messages ? 'strong' : 'zero'}`}>{shortCount(live.messages)}</span>
      </span>
      <span class="dead-from muted" title={from.join(', ')}>
        {many ? `${visible(queue.vhost)} · ` : ''}
        {from.length ? `of ${from.join(', ')}` : 'no source now'}
        {queue.dead_lettered_rate ? <span class="tone-danger"> · +{rate(queue.dead_lettered_rate)}/s</span> : null}
      </span>
    </Link>
  );
}
