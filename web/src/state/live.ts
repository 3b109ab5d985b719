import { batch, computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as calls from '../api/calls';
import { ApiError, open } from '../api/client';
import { readEvents, type ServerEvent } from '../api/sse';
import type { Overview, Queue } from '../api/types';
import { credentials } from './session';

/** How the figures arrive at present. */
export type Feed =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'polling' }
  | { kind: 'paused'; since: number }
  | { kind: 'reconnecting'; at: number };

export const feed = signal<Feed>({ kind: 'idle' });
/** When the last figures came, in ms; 0 before the first. */
export const receivedAt = signal(0);

export const overview = signal<Overview | null>(null);
/** The queue whose page is open, by topic, so that a late answer for another queue is not mistaken for it. */
export const watched = signal<{ topic: string; queue: Queue } | null>(null);

/** Recent rates for the small charts; a point per event, a bounded number of them. */
export interface Point {
  publish: number;
  deliver: number;
  ack: number;
  dead: number;
  ready: number;
  unacked: number;
}
const pointsMax = 180;
export const overviewPoints = signal<Point[]>([]);
export const watchedPoints = signal<Point[]>([]);

const openTimeout = 3_000;
const pollEvery = 5_000;
/** The server sends a comment every 15 s; a stream silent for longer is dead. */
const silenceMax = 25_000;
const backoffMax = 15_000;
/** A stream that ends sooner than this (ms) is opened again with a pause, like one that breaks. */
const endsAtOnce = 1_000;

const wanted = new Map<string, number>();
let paused = false;
let run: AbortController | null = null;
let restartQueued = false;

export function queueTopic(vhost: string, name: string): string {
  return `queue:${encodeURIComponent(vhost)}:${encodeURIComponent(name)}`;
}

/** Keeps `topic` in the stream while the component lives. */
export function useTopic(topic: string | null): void {
  useEffect(() => {
    if (!topic) return;
    wanted.set(topic, (wanted.get(topic) ?? 0) + 1);
    restart();
    return () => {
      const left = (wanted.get(topic) ?? 1) - 1;
      if (left > 0) wanted.set(topic, left);
      else wanted.delete(topic);
      restart();
    };
  }, [topic]);
}

function point(source: Pick<Overview, 'message_stats'>, ready: number, unacked: number): Point {
  const stats = source.message_stats;
  return {
    publish: stats?.publish_details?.rate ?? 0,
    deliver: stats?.deliver_get_details?.rate ?? 0,
    ack: stats?.ack_details?.rate ?? 0,
    dead: stats?.dead_lettered_details?.rate ?? 0,
    ready,
    unacked,
  };
}

function showOverview(value: Overview): void {
  const totals = value.queue_totals;
  overview.value = value;
  overviewPoints.value = [
    ...overviewPoints.value.slice(1 - pointsMax),
    point(value, totals.messages_ready, totals.messages_unacknowledged),
  ];
}

function showQueue(value: Queue): void {
  const topic = queueTopic(value.vhost, value.name);
  const known = watched.peek()?.topic === topic ? watchedPoints.peek() : [];
  watched.value = { topic, queue: value };
  watchedPoints.value = [
    ...known.slice(1 - pointsMax),
    point(value, value.messages_ready, value.messages_unacknowledged),
  ];
}

function receive({ event, data }: ServerEvent): void {
  batch(() => {
    if (event === 'overview') showOverview(JSON.parse(data) as Overview);
    else if (event === 'queue') showQueue(JSON.parse(data) as Queue);
    else return;
    receivedAt.value = Date.now();
  });
}

/** Reads the stream until it ends. Throws when it could not be opened in time or breaks. */
async function stream(signal: AbortSignal, opened: () => void): Promise<void> {
  const own = new AbortController();
  const abort = () => own.abort();
  signal.addEventListener('abort', abort);
  let watchdog = setTimeout(abort, openTimeout);
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(abort, silenceMax);
  };
  try {
    // Topics are encoded one by one, so that a comma or colon of a name is not taken for ours.
    const response = await open('GET', `/api/x/events?topics=${[...wanted.keys()].join(',')}`, undefined, own.signal);
    alive();
    opened();
    await readEvents(response, receive, alive);
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener('abort', abort);
    own.abort();
  }
}

/** Asks once for what the stream would bring. */
async function poll(signal: AbortSignal): Promise<void> {
  await Promise.all(
    [...wanted.keys()].map(async (topic) => {
      if (topic === 'overview') showOverview(await calls.overview(signal));
      else {
        const [, vhost = '', name = ''] = topic.split(':').map(decodeURIComponent);
        try {
          showQueue(await calls.queue(vhost, name, signal));
        } catch (error) {
          // A queue that is gone is its page's concern, not a broken connection.
          if (!(error instanceof ApiError && error.status === 404)) throw error;
        }
      }
    }),
  );
  receivedAt.value = Date.now();
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

async function follow(signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const start = Date.now();
    try {
      await stream(signal, () => {
        failures = 0;
        feed.value = { kind: 'live' };
      });
      // Ended by the server, as when permissions have changed: it is opened again without ado.
      if (Date.now() - start > endsAtOnce) continue;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return;
    }
    if (signal.aborted) return;
    failures++;
    let wait = Math.min(backoffMax, 500 * 2 ** failures);
    let polled = false;
    if (failures > 1) {
      try {
        await poll(signal);
        polled = true;
        wait = pollEvery;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return;
      }
    }
    if (signal.aborted) return;
    feed.value = polled ? { kind: 'polling' } : { kind: 'reconnecting', at: Date.now() + wait };
    await sleep(wait, signal);
  }
}

/** Starts over with the topics of now. Several changes of one turn make one new stream. */
function restart(): void {
  if (restartQueued) return;
  restartQueued = true;
  queueMicrotask(() => {
    restartQueued = false;
    run?.abort();
    run = null;
    if (paused) return;
    if (document.hidden || credentials.value === null || wanted.size === 0) {
      feed.value = { kind: 'idle' };
      return;
    }
    // A running feed that only changes its topics is not announced as an interruption.
    if (feed.peek().kind !== 'live') feed.value = { kind: 'connecting' };
    run = new AbortController();
    void follow(run.signal);
  });
}

export function togglePause(): void {
  paused = !paused;
  if (paused) {
    run?.abort();
    run = null;
    feed.value = { kind: 'paused', since: Date.now() };
  } else {
    feed.value = { kind: 'connecting' };
    restart();
  }
}

/** True while figures should be asked for: not paused, not hidden, logged in. */
export const following = computed(() => credentials.value !== null && !['paused', 'idle'].includes(feed.value.kind));

/** Follows login and visibility: a hidden tab holds no connection. Called once. */
export function startLive(): void {
  credentials.subscribe(() => restart());
  document.addEventListener('visibilitychange', restart);
}
