import type { Queue } from '../api/types';
import { watchedPoints } from '../state/live';
import { href } from '../state/route';
import { Fact } from '../ui/fact';
import { bytes, count, rate } from '../ui/format';
import { Icon } from '../ui/icons';
import { later } from '../ui/later';
import { Link } from '../ui/link';
import { Stat } from '../ui/spark';
import { Ago, Name } from '../ui/text';
import { Values } from '../ui/values';
import { visible } from '../ui/visible';
import { deadLettersHref } from './dead_letters';

const History = later(() => import('./history'))(
  (part) => part.QueueHistory,
  () => <section class="card history" aria-hidden="true" />,
);

/** Depth and rates, counters, where the dead letters go, and how the queue was declared. */
export function Summary({ queue }: { queue: Queue }) {
  const points = watchedPoints.value;
  const stats = queue.message_stats;
  const dropped = Object.entries(queue.x?.dropped ?? {}).filter(([, n]) => n > 0);
  const policies = [queue.policy, queue.operator_policy].filter((name) => typeof name === 'string');
  const definition = queue.effective_policy_definition ?? {};
  const exchange = queue.arguments['x-dead-letter-exchange'] ?? definition['dead-letter-exchange'];
  const key = queue.arguments['x-dead-letter-routing-key'] ?? definition['dead-letter-routing-key'];
  const targets = queue.x?.dead_letter_queues ?? [];
  return (
    <>
      <dl class="strip" aria-label="Depth and rates">
        <Stat label="Ready" value={count(queue.messages_ready)} values={points.map((p) => p.ready)} />
        <Stat label="Unacked" value={count(queue.messages_unacknowledged)} values={points.map((p) => p.unacked)} />
        <Stat
          label="In"
          unit="/s"
          tone="tone-publish"
          value={rate(stats?.publish_details?.rate)}
          values={points.map((p) => p.publish)}
        />
        <Stat
          label="Out"
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
        <Stat label="Consumers" value={count(queue.consumers)} />
      </dl>
      <History vhost={queue.vhost} name={queue.name} />
      <div class="cards">
        <section class="card">
          <h2>Since the start</h2>
          <dl class="facts">
            <Fact label="Published">{count(stats?.publish ?? 0)}</Fact>
            <Fact label="Delivered and got">{count(stats?.deliver_get ?? 0)}</Fact>
            <Fact label="Acked">{count(stats?.ack ?? 0)}</Fact>
            <Fact label="Redelivered">{count(stats?.redeliver ?? 0)}</Fact>
            <Fact label="Dead-lettered">{count(stats?.dead_lettered ?? 0)}</Fact>
            {dropped.map(([reason, n]) => (
              <Fact key={reason} label={`Dropped: ${visible(reason)}`} tone="tone-danger">
                {count(n)}
              </Fact>
            ))}
            {dropped.length === 0 ? <Fact label="Dropped">0</Fact> : null}
            {queue.x?.head_published_at ? (
              <Fact label="Oldest message">
                <Ago ms={queue.x.head_published_at} />
              </Fact>
            ) : null}
            {queue.message_bytes === undefined ? null : <Fact label="Bodies now">{bytes(queue.message_bytes)}</Fact>}
          </dl>
        </section>
        <section class="card">
          <h2>Dead letters</h2>
          {typeof exchange === 'string' ? (
            <p>
              Go to {exchange ? <Name value={exchange} class="strong" /> : 'the default exchange'}
              {typeof key === 'string' ? (
                <>
                  {' with key '}
                  <Name value={key} class="strong" />
                </>
              ) : (
                ' with their own key'
              )}
              .
            </p>
          ) : (
            <p class="muted">None: what is rejected or expires here is dropped and counted.</p>
          )}
          {targets.length ? (
            <ul class="links">
              {targets.map((target) => (
                <li key={target}>
                  <Link to={deadLettersHref(queue.vhost, target)}>
                    <Name value={target} />
                  </Link>
                </li>
              ))}
            </ul>
          ) : typeof exchange === 'string' ? (
            <p class="tone-warn">
              <Icon name="warn" /> No queue is bound there: dead letters are lost.
            </p>
          ) : null}
          {queue.x?.dead_letter_sources?.length ? (
            <>
              <p>Receives the dead letters of</p>
              <ul class="links">
                {queue.x.dead_letter_sources.map((source) => (
                  <li key={source}>
                    <Link to={href('/ui/queue', { vhost: queue.vhost, name: source })}>
                      <Name value={source} />
                    </Link>
                  </li>
                ))}
              </ul>
            </>
          ) : null}
        </section>
        <section class="card">
          <h2>Arguments</h2>
          <Values label="Arguments" values={queue.arguments} empty="Declared without arguments" />
        </section>
        {policies.length ? (
          <section class="card">
            <h2>{policies.length === 1 ? 'Policy' : 'Policies'}</h2>
            <p>
              {policies.map((name, i) => (
                <span key={i}>
                  {i ? ', bounded by ' : null}
                  <Name value={name} class="strong" />
                </span>
              ))}
            </p>
            <Values label="Effective policy" values={definition} empty="Nothing" />
          </section>
        ) : null}
      </div>
    </>
  );
}
