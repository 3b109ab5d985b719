import type { Message, Operation } from '../../src/api/types';

/** A message as the API gives it; a test names only what it is about. */
export function message(changes: Partial<Message> = {}): Message {
  return {
    seq: 7,
    state: 'ready',
    redelivered: false,
    delivery_count: 0,
    exchange: 'events',
    routing_key: 'user.signup',
    published_at: 1_700_000_100_000,
    payload_bytes: 2,
    payload: '{}',
    payload_encoding: 'string',
    truncated: false,
    properties: { headers: {} },
    death: null,
    error: null,
    ...changes,
  };
}

export function operation(changes: Partial<Operation> = {}): Operation {
  return {
    id: 91,
    kind: 'replay',
    vhost: '/',
    queue: 'emails.dead',
    target: null,
    actor: 'guest',
    created: 0,
    state: 'done',
    total: 3,
    done: 3,
    skipped: 0,
    failed: [],
    failed_count: changes.failed?.length ?? 0,
    ...changes,
  };
}
