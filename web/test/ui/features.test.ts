import { expect, test } from 'vitest';
import { features } from '../../src/ui/features';

const plain = { durable: false, auto_delete: false, exclusive: false, arguments: {} };

test('a plain queue has no marks', () => {
  expect(features(plain)).toEqual([]);
});

test('every mark has words', () => {
  const list = features({
    ...plain,
    durable: true,
    auto_delete: true,
    exclusive: true,
    arguments: {
      'x-message-ttl': 60_000,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'jobs.dead',
      'x-max-length': 1000,
      'x-max-length-bytes': 1024,
      'x-delivery-limit': 3,
    },
  });
  expect(list.map((feature) => feature.short)).toEqual(['D', 'AD', 'Ex', 'TTL', 'DLX', 'Lim', 'DL']);
  expect(list.map((feature) => feature.words)).toContain('dead-letters to the default exchange with key jobs.dead');
  expect(list.map((feature) => feature.words)).toContain('holds at most 1,000 messages, 1 KiB (drop-head)');
});

test('arguments of the wrong type are no features', () => {
  expect(
    features({ ...plain, arguments: { 'x-message-ttl': 'soon', 'x-dead-letter-exchange': 5, 'x-max-length': null } }),
  ).toEqual([]);
});
