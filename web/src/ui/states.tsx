import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client';
import { Icon } from './icons';

/** Grey rows while the first data is on its way; drawn only after 150 ms, so that a fast answer does not flicker. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} class="skeleton-row" />
      ))}
    </div>
  );
}

/** Nothing to show: says why and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** What went wrong, in the server's words, and a way on. */
export function Failure({
  error,
  retry,
  children,
}: {
  error: ApiError;
  retry?: () => void;
  children?: ComponentChildren;
}) {
  const title =
    error.status === 0
      ? 'No answer'
      : error.status === 403
        ? 'Not permitted'
        : error.status === 404
          ? 'Not found'
          : 'That failed';
  return (
    <div class="failure" role="alert">
      <p class="failure-title">
        <Icon name="warn" /> {title}
      </p>
      <p>
        {error.message}
        {error.status ? (
          <span class="muted">
            {' '}
            ({error.status}
            {error.code ? ` ${error.code}` : ''})
          </span>
        ) : null}
      </p>
      {children}
      {retry ? (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}
