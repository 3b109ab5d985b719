import { describe, expect, test } from 'vitest';
import { axisEnd, lengthPoints, linePath, ratePoints, summary, type Series } from '../../src/ui/series';

/** As the API gives them: the newest first. */
const details = (...oldestFirst: [number, number][]) => ({
  rate: 0,
  samples: oldestFirst.map(([timestamp, sample]) => ({ sample, timestamp })).reverse(),
});
const values = (points: { value: number | null }[]) => points.map(({ value }) => value);
const series = (...points: (number | null)[]): Series => ({
  label: '',
  tone: '',
  points: points.map((value, i) => ({ time: i * 1000, value })),
});

describe('points', () => {
  test('a length is what it was, the oldest first', () => {
    expect(lengthPoints(details([5000, 1], [10_000, 3]), 0)).toEqual([
      { time: 5000, value: 1 },
      { time: 10_000, value: 3 },
    ]);
  });
  test('nothing is known before the start', () => {
    expect(values(lengthPoints(details([5000, 0], [10_000, 3]), 6000))).toEqual([null, 3]);
    expect(values(ratePoints(details([5000, 0], [10_000, 10], [15_000, 20]), 6000))).toEqual([null, 2]);
  });
  test('a rate is what a counter rose by', () => {
    expect(values(ratePoints(details([0, 10], [5000, 20], [10_000, 20]), 0))).toEqual([2, 0]);
  });
  test('a counter that fell counted something else', () => {
    expect(values(ratePoints(details([0, 10], [5000, 3], [10_000, 8]), 0))).toEqual([0, 1]);
  });
  test('without samples there are none', () => {
    expect(lengthPoints({ rate: 1 }, 0)).toEqual([]);
    expect(ratePoints(undefined, 0)).toEqual([]);
  });
});

test('an axis ends at 1, 2 or 5 times a power of ten', () => {
  expect([0, 1, 3, 12, 50, 51, 900].map((most) => axisEnd([series(0, most)]))).toEqual([1, 1, 5, 20, 50, 100, 1000]);
  expect(axisEnd([series(0.3), series(0.04)])).toBeCloseTo(0.5);
  expect(axisEnd([])).toBe(1);
});

test('a line breaks where nobody knows', () => {
  expect(linePath(series(0, 5, null, 10, 0).points, 10, 40, 100)).toBe('M0.0 100.0L10.0 50.0M30.0 0.0L40.0 100.0');
});

test('a summary has the newest, the largest and when that was', () => {
  expect(summary(series(1, 9, null, 4).points)).toEqual({ now: 4, most: 9, at: 1000 });
  expect(summary(series(null).points)).toBeNull();
});
