import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import { isAbort, type ApiError } from '../api/client';
import type { Message } from '../api/types';
import { asApiError } from './resource';
import { logins } from './session';

export interface Browse {
  items: Message[];
  /** Where the next page starts; null when all is loaded. */
  next: number | null;
  /** Messages in the queue and its highest seq when the first page was read: what a bulk action is about. */
  ready: number;
  snapshot: number;
  at: number;
  /** False until the first page is there. */
  loaded: boolean;
  loading: boolean;
  error: ApiError | null;
  more: () => void;
  reload: () => void;
}

const pageSize = 100;
/** Bytes of a body that a list needs: none is shown, but the field is cut somewhere. */
const bodyBytes = 256;

const nothing = {
  items: [] as Message[],
  next: null,
  ready: 0,
  snapshot: 0,
  at: 0,
  loaded: false,
  loading: true,
  error: null,
};

/** Browses a queue page by page, oldest first. Pages are cut by seq, so what moves meanwhile shifts nothing. */
export function useMessages(vhost: string, name: string): Browse {
  const key = `${vhost} ${name}`;
  const [state, setState] = useState<Omit<Browse, 'more' | 'reload'> & { key: string }>({ ...nothing, key });
  const [turn, setTurn] = useState(0);
  const controller = useRef<AbortController | null>(null);
  const login = logins.value;

  const load = useCallback(
    (after: number) => {
      controller.current?.abort();
      const mine = (controller.current = new AbortController());
      setState((old) => (old.key === key ? { ...old, loading: true, error: null } : { ...nothing, key }));
      calls.messages(vhost, name, { after, limit: pageSize, truncate: bodyBytes }, mine.signal).then(
        (page) => {
          if (mine.signal.aborted) return;
          setState((old) => ({
            key,
            items: after ? [...old.items, ...page.items] : page.items,
            next: page.next,
            ready: after ? old.ready : page.messages_ready,
            snapshot: after ? old.snapshot : page.snapshot_seq,
            at: after ? old.at : Date.now(),
            loaded: true,
            loading: false,
            error: null,
          }));
        },
        (error: unknown) => {
          if (mine.signal.aborted || isAbort(error)) return;
          const failure = asApiError(error);
          if (failure.status !== 401) setState((old) => ({ ...old, loading: false, error: failure }));
        },
      );
    },
    [key],
  );

  useEffect(() => {
    load(0);
    return () => controller.current?.abort();
  }, [load, turn, login]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const shown = state.key === key ? state : { ...nothing, key };
  return {
    ...shown,
    reload,
    more: () => {
      if (shown.next !== null && !shown.loading) load(shown.next);
    },
  };
}

/** The seqs of all messages up to `snapshot` that `belongs` says yes to; reads the queue page by page. */
export async function collect(
  vhost: string,
  name: string,
  snapshot: number,
  belongs: (message: Message) => boolean,
  progress: (scanned: number) => void,
): Promise<number[]> {
  const seqs: number[] = [];
  let after: number | null = 0;
  let scanned = 0;
  while (after !== null && after < snapshot) {
    const page: Awaited<ReturnType<typeof calls.messages>> = await calls.messages(vhost, name, {
      after,
      limit: 500,
      truncate: bodyBytes,
    });
    for (const message of page.items) if (message.seq <= snapshot && belongs(message)) seqs.push(message.seq);
    scanned += page.items.length;
    progress(scanned);
    after = page.next;
  }
  return seqs;
}
