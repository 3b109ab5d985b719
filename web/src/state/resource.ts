import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, isAbort } from '../api/client';
import { following } from './live';
import { credentials, logins } from './session';

export interface Resource<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(0, 'client', error instanceof Error ? error.message : String(error));
}

/** Of the time that passes, what answering one page may take at most: a slow answer is asked for less often. */
const shareOfTime = 10;

/**
 * Loads something when the component appears, when `key` changes and after a login. While it reloads, the old
 * data stays; with another key it goes, unless `keep` says that it may stand until the new one is there. `every`
 * (ms) repeats the call while the page is live and visible, that long after the last answer.
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  every?: number,
  { keep = false } = {},
): Resource<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: ApiError | null; loading: boolean }>({
    key,
    data: null,
    error: null,
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const login = logins.value;
  const repeat = every !== undefined && following.value ? every : 0;
  const took = useRef(0);

  useEffect(() => {
    // Nobody is logged in: the login lies over the page, and starts another turn.
    if (credentials.peek() === null) return;
    const controller = new AbortController();
    const start = performance.now();
    setState((old) =>
      old.key === key ? { ...old, loading: true } : { key, data: keep ? old.data : null, error: null, loading: true },
    );
    latest.current(controller.signal).then(
      (data) => {
        took.current = performance.now() - start;
        if (!controller.signal.aborted) setState({ key, data, error: null, loading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        const failure = asApiError(error);
        // A 401 is answered by the login over the page; the data under it stays.
        if (failure.status === 401) return;
        setState((old) => ({ key, data: failure.status === 404 ? null : old.data, error: failure, loading: false }));
      },
    );
    return () => controller.abort();
  }, [key, turn, login]);

  useEffect(() => {
    if (!repeat || state.loading) return;
    const timer = setTimeout(() => setTurn((n) => n + 1), Math.max(repeat, took.current * shareOfTime));
    return () => clearTimeout(timer);
  }, [repeat, state.loading, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const fresh = state.key === key || keep;
  return {
    data: fresh ? state.data : null,
    error: fresh ? state.error : null,
    loading: fresh ? state.loading : true,
    reload,
  };
}
