/** Numbers, sizes and times in words. Pure; `now` comes in as an argument (ms). */

const integers = new Intl.NumberFormat('en');
const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const exact = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** 4812 → "4,812" */
export function count(n: number): string {
  return integers.format(n);
}

/** 1204331 → "1.2M", for places without room; up to five digits in full. */
export function shortCount(n: number): string {
  return n < 100_000 ? integers.format(n) : compact.format(n);
}

/** (1, "message") → "1 message" */
export function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
}

/** 2 → "2nd" */
export function ordinal(n: number): string {
  const ending = { one: 'st', two: 'nd', few: 'rd' } as Record<string, string>;
  return count(n) + (ending[ordinals.select(n)] ?? 'th');
}

/** Per second: "0", "0.4", "12.5", "1,240". */
export function rate(n: number | undefined): string {
  if (!n || n < 0.05) return '0';
  return n < 100 ? String(Math.round(n * 10) / 10) : integers.format(Math.round(n));
}

/** 1536 → "1.5 KiB" */
export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = n / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[unit]}`;
}

/** A span of time with one unit: "4 s", "12 min", "3 h", "5 d". */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h`;
  return `${count(Math.floor(s / 86_400))} d`;
}

/** "3 min ago", "now"; also "in 4 s" for a clock ahead of ours. */
export function ago(time: number, now: number): string {
  const ms = now - time;
  if (Math.abs(ms) < 2000) return 'now';
  return ms > 0 ? `${span(ms)} ago` : `in ${span(-ms)}`;
}

/** Local time with its zone, for hover: "24 Nov 2026, 05:41:11 UTC". */
export function when(time: number): string {
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? exact.format(time) : 'unknown time';
}

/** Time of day: "14:33:07". */
export function timeOfDay(time: number): string {
  return clockTime.format(time);
}

/** What a duration argument of a queue means: 60000 → "1 min". */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const parts: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ];
  for (const [size, unit] of parts) if (ms % size === 0) return `${count(ms / size)} ${unit}`;
  return `${Math.round(ms / 100) / 10} s`;
}
