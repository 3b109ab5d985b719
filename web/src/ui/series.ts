/** Courses of figures over time, from the samples of the API. Pure. */
import type { Rate } from '../api/types';

/** What a figure was at a time, ms; null where nobody knows. */
export interface Point {
  time: number;
  value: number | null;
}

export interface Series {
  label: string;
  /** Of its line: a colour and a dash. */
  tone: string;
  points: Point[];
}

/** A length as it was, the oldest first; nothing before `since`. */
export function lengthPoints(details: Rate | undefined, since: number): Point[] {
  return (details?.samples ?? [])
    .map(({ sample, timestamp }) => ({ time: timestamp, value: timestamp < since ? null : sample }))
    .reverse();
}

/** By how much a counter rose a second, between each sample and the one before it. */
export function ratePoints(details: Rate | undefined, since: number): Point[] {
  const samples = [...(details?.samples ?? [])].reverse();
  return samples.slice(1).map(({ sample, timestamp }, i) => {
    const before = samples[i];
    if (!before || before.timestamp < since) return { time: timestamp, value: null };
    // A counter falls when what it is the sum of has gone.
    const risen = Math.max(0, sample - before.sample);
    return { time: timestamp, value: (risen * 1000) / (timestamp - before.timestamp) };
  });
}

/** The end of an axis from 0: 1, 2 or 5 times a power of ten, and not below the largest value. */
export function axisEnd(series: readonly Series[]): number {
  let most = 0;
  for (const { points } of series) for (const { value } of points) most = Math.max(most, value ?? 0);
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10;
  return step * power;
}

/** The line of an SVG path in a box of that size; it breaks where nobody knows. */
export function linePath(points: readonly Point[], end: number, width: number, height: number): string {
  const slot = width / Math.max(points.length - 1, 1);
  let path = '';
  let isDown = false;
  points.forEach(({ value }, i) => {
    if (value !== null) path += `${isDown ? 'L' : 'M'}${(i * slot).toFixed(1)} ${(height - (value / end) * height).toFixed(1)}`;
    isDown = value !== null;
  });
  return path;
}

/** The newest value and the largest one with its time; null when nothing is known. */
export function summary(points: readonly Point[]): { now: number; most: number; at: number } | null {
  let found: { now: number; most: number; at: number } | null = null;
  for (const { time, value } of points) {
    if (value === null) continue;
    if (!found || value > found.most) found = { now: value, most: value, at: time };
    else found.now = value;
  }
  return found;
}
