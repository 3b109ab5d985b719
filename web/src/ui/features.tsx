import type { Queue } from '../api/types';
import { bytes, count, duration } from './format';
import { visible } from './visible';

export interface Feature {
  short: string;
  words: string;
}

/** What is special about a queue, as short marks with their meaning in words. */
export function features(
  queue: Pick<Queue, 'durable' | 'auto_delete' | 'exclusive' | 'arguments' | 'policy' | 'operator_policy'>,
): Feature[] {
  const result: Feature[] = [];
  const add = (short: string, words: string) => result.push({ short, words });
  const argument = (name: string) => queue.arguments[name];
  const number = (name: string): number | null => {
    const value = argument(name);
    return typeof value === 'number' ? value : null;
  };
  if (queue.durable) add('D', 'durable: survives a restart');
  if (queue.auto_delete) add('AD', 'auto-delete: goes with its last consumer');
  if (queue.exclusive) add('Ex', 'exclusive: belongs to one connection');
  const ttl = number('x-message-ttl');
  if (ttl !== null) add('TTL', `messages expire after ${duration(ttl)}`);
  const expires = number('x-expires');
  if (expires !== null) add('Exp', `deleted when unused for ${duration(expires)}`);
  const exchange = argument('x-dead-letter-exchange');
  if (typeof exchange === 'string') {
    const key = argument('x-dead-letter-routing-key');
    add(
      'DLX',
      `dead-letters to ${exchange ? `exchange ${visible(exchange)}` : 'the default exchange'}${typeof key === 'string' ? ` with key ${visible(key)}` : ''}`,
    );
  }
  const limits = [
    number('x-max-length') === null ? '' : `${count(number('x-max-length') ?? 0)} messages`,
    number('x-max-length-bytes') === null ? '' : bytes(number('x-max-length-bytes') ?? 0),
  ].filter(Boolean);
  if (limits.length)
    add('Lim', `holds at most ${limits.join(', ')} (${String(argument('x-overflow') ?? 'drop-head')})`);
  const deliveries = number('x-delivery-limit');
  if (deliveries !== null) add('DL', `at most ${count(deliveries)} failed deliveries`);
  if (number('x-max-priority') !== null) add('Pri', `priorities up to ${number('x-max-priority')}`);
  if (argument('x-single-active-consumer') === true) add('SAC', 'single active consumer');
  if (queue.policy) add('Pol', `policy ${visible(queue.policy)}`);
  if (queue.operator_policy) add('OPol', `operator policy ${visible(queue.operator_policy)}`);
  return result;
}

/** The marks; the words come on hover and focus, and always for screen readers. */
export function Features({ queue }: { queue: Queue }) {
  const list = features(queue);
  if (list.length === 0) return null;
  const words = list.map((feature) => feature.words).join('\n');
  return (
    <span class="chips tip" tabIndex={0} role="note" aria-label={words} data-tip={words}>
      {list.map(({ short }) => (
        <span key={short} class={`chip ${short === 'DLX' ? 'chip-dlx' : ''}`}>
          {short}
        </span>
      ))}
    </span>
  );
}
