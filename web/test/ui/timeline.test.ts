import { expect, test } from 'vitest';
import type { DeathSummary } from '../../src/api/types';
import { timeline } from '../../src/ui/timeline';
import { message } from '../support/fixtures';

const deaths = [
  {
    reason: 'rejected',
    queue: 'emails',
    exchange: 'dlx',
    'routing-keys': ['emails.again'],
    count: 3,
    time: 1_700_000_000,
  },
  {
    reason: 'expired',
    queue: 'wait',
    exchange: 'events',
    'routing-keys': ['user.signup', 'cc'],
    count: 1,
    time: 1_699_999_000,
    'original-expiration': '5000',
  },
];
const death: DeathSummary = {
  reason: 'rejected',
  queue: 'emails',
  exchange: 'dlx',
  routing_keys: [],
  count: 3,
  time: 1_700_000_000,
  deaths,
};

test('the way of a dead letter, newest first', () => {
  const steps = timeline(message({ death, properties: { timestamp: 1_699_998_000 } }), 'emails.dead');
  expect(steps.map((step) => [step.kind, step.queue ?? step.exchange, step.time])).toEqual([
    ['here', 'emails.dead', 1_700_000_100_000],
    ['death', 'emails', 1_700_000_000_000],
    ['death', 'wait', 1_699_999_000_000],
    ['published', 'events', 1_699_998_000_000],
  ]);
  expect(steps[1]).toMatchObject({ count: 3, reason: 'rejected' });
  expect(steps[2]).toMatchObject({ originalExpiration: '5000' });
  expect(steps[3]).toMatchObject({ routingKeys: ['user.signup', 'cc'] });
});

test('a replay stands between the deaths before and after it', () => {
  const replay = { op: 87, by: 'alice', at: 1_699_999_500, n: 2, 'x-death': [deaths[1] ?? null] };
  const again = { ...death, deaths: deaths.slice(0, 1) };
  const steps = timeline(message({ death: again, properties: { headers: { 'x-replay': replay } } }), 'emails.dead');
  expect(steps.map((step) => step.kind)).toEqual(['here', 'death', 'replayed', 'death', 'published']);
  expect(steps[2]).toMatchObject({ actor: 'alice', operation: 87, count: 2, time: 1_699_999_500_000 });
  expect(steps[4]).toMatchObject({ exchange: 'events', time: null });
  for (const bad of ['x', 5, null, [], { 'x-death': 5 }]) {
    expect(timeline(message({ properties: { headers: { 'x-replay': bad } } }), 'q').at(-1)?.kind).toBe('published');
  }
});

test('when a dead letter was published is not invented', () => {
  expect(timeline(message({ death }), 'emails.dead').at(-1)?.time).toBe(null);
});

test('a message that never died was published and is here', () => {
  expect(timeline(message(), 'emails').map((step) => step.kind)).toEqual(['here', 'published']);
});

test('an x-death that a client made up does no harm', () => {
  for (const bad of [null, 'text', 7, [null, 3, 'x'], [{}], [{ count: 'many', time: 'soon', 'routing-keys': 'key' }]]) {
    const steps = timeline(message({ death: { ...death, deaths: bad as never } }), 'q');
    expect(steps[0]?.kind).toBe('here');
    expect(steps.at(-1)?.kind).toBe('published');
  }
});
