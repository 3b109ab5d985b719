import { expect, test } from 'vitest';
import { ago, bytes, count, duration, ordinal, plural, rate, shortCount, span, when } from '../../src/ui/format';

test('counts', () => {
  expect(count(4812)).toBe('4,812');
  expect(shortCount(99_999)).toBe('99,999');
  expect(shortCount(1_204_331)).toBe('1.2M');
  expect(plural(1, 'message')).toBe('1 message');
  expect(plural(0, 'message')).toBe('0 messages');
  expect([1, 2, 3, 4, 11, 22].map(ordinal)).toEqual(['1st', '2nd', '3rd', '4th', '11th', '22nd']);
});

test('rates', () => {
  expect([undefined, 0, 0.04, 0.05, 0.44, 12.54, 99.94, 1240.4].map(rate)).toEqual([
    '0',
    '0',
    '0',
    '0.1',
    '0.4',
    '12.5',
    '99.9',
    '1,240',
  ]);
});

test('sizes', () => {
  expect([0, 1023, 1024, 1536, 10 * 1024, 5 * 1024 ** 3].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '10 KiB',
    '5 GiB',
  ]);
});

test('times', () => {
  const now = 1_700_000_000_000;
  expect(ago(now - 500, now)).toBe('now');
  expect(ago(now - 59_000, now)).toBe('59 s ago');
  expect(ago(now - 200_000, now)).toBe('3 min ago');
  expect(ago(now + 60_000, now)).toBe('in 1 min');
  expect(span(90_000_000)).toBe('1 d');
  expect(when(Number.NaN)).toBe('unknown time');
  expect(when(8.65e15)).toBe('unknown time');
  expect(when(now)).toContain('Nov 2023');
});

test('durations say the largest whole unit', () => {
  expect([250, 1000, 1500, 60_000, 90_000, 3_600_000, 86_400_000].map(duration)).toEqual([
    '250 ms',
    '1 s',
    '1.5 s',
    '1 min',
    '90 s',
    '1 h',
    '1 d',
  ]);
});
