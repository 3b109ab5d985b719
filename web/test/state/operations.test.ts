import { expect, test } from 'vitest';
import { outcome, reasons } from '../../src/state/operations';
import { operation } from '../support/fixtures';

test('a complete replay is one sentence', () => {
  expect(outcome(operation())).toEqual({ tone: 'ok', text: 'Replayed 3 messages to original queues', details: [] });
  expect(outcome(operation({ total: 1, done: 1, target: 'sms' })).text).toBe('Replayed 1 message to sms');
});

test('what was gone or failed is counted, with its reasons', () => {
  const result = outcome(
    operation({
      total: 5,
      done: 2,
      skipped: 1,
      failed: [
        { seq: 4, reason: "no queue 'x'" },
        { seq: 9, reason: "no queue 'x'" },
      ],
    }),
  );
  expect(result.tone).toBe('warn');
  expect(result.text).toBe('Replayed 2 of 5 messages to original queues · 1 already gone · 2 failed and stayed');
  expect(result.details).toEqual(["2 × no queue 'x' (seq 4, 9)"]);
});

test('nothing done and something failed is bad news', () => {
  expect(outcome(operation({ total: 1, done: 0, failed: [{ seq: 1, reason: 'no' }] })).tone).toBe('danger');
  expect(outcome(operation({ state: 'failed' })).tone).toBe('danger');
  expect(outcome(operation({ state: 'cancelled', total: 9 })).text).toContain(
    '3 of 9 messages to original queues · cancelled',
  );
});

test('the most frequent reason comes first, long lists are cut', () => {
  const failed = [1, 2, 3, 4, 5, 6].map((seq) => ({ seq, reason: 'b' }));
  expect(reasons([{ seq: 7, reason: 'a' }, ...failed])).toEqual(['6 × b (seq 1, 2, 3, 4, 5 …)', '1 × a (seq 7)']);
});
