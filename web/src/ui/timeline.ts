import type { Death, JsonObject, Message } from '../api/types';

/** One step of a message's way, newest first. `time` in ms, null when nobody recorded it. */
export interface Step {
  kind: 'here' | 'death' | 'replayed' | 'published';
  time: number | null;
  /** Reason of a death, with its queue. */
  reason?: string;
  queue?: string;
  count?: number;
  exchange?: string;
  routingKeys?: string[];
  originalExpiration?: string;
  /** Who replayed it, and in which operation. */
  actor?: string;
  operation?: number;
}

const seconds = (time: unknown): number | null =>
  typeof time === 'number' && Number.isFinite(time) ? time * 1000 : null;

function isTable(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of an x-death header that look like some; a client may have written anything there. */
function entries(value: unknown): Death[] {
  return Array.isArray(value) ? value.filter(isTable).map((entry) => entry as unknown as Death) : [];
}

function keysOf(death: Death | undefined): string[] | null {
  const keys: unknown = death?.['routing-keys'];
  return Array.isArray(keys) ? keys.map(String) : null;
}

function deathStep(death: Death): Step {
  return {
    kind: 'death',
    time: seconds(death.time),
    reason: String(death.reason ?? 'unknown reason'),
    queue: String(death.queue ?? 'unknown queue'),
    count: typeof death.count === 'number' ? death.count : 1,
    exchange: String(death.exchange ?? ''),
    routingKeys: keysOf(death) ?? [],
    ...(death['original-expiration'] === undefined ? {} : { originalExpiration: String(death['original-expiration']) }),
  };
}

/**
 * The way of a message from its headers: published, died (x-death: once per queue and reason, with a count; the
 * time is that of the first such death, as RabbitMQ defines it), replayed (x-replay, which keeps the deaths before
 * it), died again, and where it lies now. Tolerates headers that a client wrote by hand.
 */
export function timeline(message: Message, queueName: string): Step[] {
  const replay = message.properties.headers?.['x-replay'];
  const replayed = isTable(replay) ? replay : null;
  const recent = entries(message.death?.deaths);
  const deaths = [...recent, ...entries(replayed?.['x-death'])];
  const steps: Step[] = [
    { kind: 'here', time: message.published_at || null, queue: queueName },
    ...recent.map(deathStep),
  ];
  if (replayed) {
    steps.push({
      kind: 'replayed',
      time: seconds(replayed['at']),
      actor: String(replayed['by'] ?? 'somebody'),
      ...(typeof replayed['op'] === 'number' ? { operation: replayed['op'] } : {}),
      count: typeof replayed['n'] === 'number' ? replayed['n'] : 1,
    });
    steps.push(...entries(replayed['x-death']).map(deathStep));
  }
  const first = deaths.at(-1);
  // What died or was replayed came here later than it was published; only the client can have noted when.
  const published = deaths.length || replayed ? null : message.published_at || null;
  steps.push({
    kind: 'published',
    time: seconds(message.properties['timestamp']) ?? published,
    exchange: String(first?.exchange ?? message.exchange),
    routingKeys: keysOf(first) ?? [message.routing_key],
  });
  return steps;
}
