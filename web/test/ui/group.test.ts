import { expect, test } from 'vitest';
import { inGroup, normalError } from '../../src/ui/group';
import { message } from '../support/fixtures';

test('errors of one fault have one text', () => {
  expect(normalError('SMTP 451 4.7.1 retry in 300 s')).toBe('SMTP # # retry in # s');
  expect(normalError("KeyError: 'customer_id' at capture.py:88\n  Traceback")).toBe('KeyError: {str} at capture.py:#');
  expect(normalError('order 0b6f8a52-1111-4222-8333-444455556666 is gone')).toBe('order {id} is gone');
  expect(normalError('at 0x7ffe12, block DEADBEEF01, face, 1,024.5 B')).toBe('at {id}, block {id}, face, # B');
  expect(normalError("can't read `a b`, it's 3")).toBe("can't read {str}, it's #");
  expect(normalError(null)).toBe('');
  expect(normalError('x'.repeat(500))).toHaveLength(160);
});

test('hostile errors are cheap', () => {
  for (const text of ['0x'.repeat(50_000), "'".repeat(50_001), 'ab-'.repeat(50_000), '1.'.repeat(50_000)])
    expect(normalError(text).length).toBeLessThanOrEqual(160);
});

test('a message belongs to the group of its reason, queue and error', () => {
  const death = { reason: 'rejected', queue: 'emails', exchange: '', routing_keys: [], count: 1, time: 0, deaths: [] };
  const group = { reason: 'rejected', queue: 'emails', error: 'SMTP #' };
  expect(inGroup(message({ death, error: 'SMTP 451' }), group)).toBe(true);
  expect(inGroup(message({ death, error: 'HTTP 500' }), group)).toBe(false);
  expect(inGroup(message({ death: { ...death, queue: 'sms' }, error: 'SMTP 451' }), group)).toBe(false);
  expect(inGroup(message(), { ...group, error: null })).toBe(false);
  expect(inGroup(message({ death }), { ...group, error: null })).toBe(true);
  expect(inGroup(message(), { reason: '', queue: '', error: null })).toBe(true);
});
