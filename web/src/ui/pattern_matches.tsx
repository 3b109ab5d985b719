import { useEffect, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import { useResource } from '../state/resource';
import { count } from './format';
import { Name } from './text';

const settleMs = 250;
const shownMax = 3;

/** The value once it has stood still for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

interface MatchesProps {
  vhost: string;
  pattern: string;
  queues: boolean;
  exchanges: boolean;
  /** An empty pattern matches nothing, as in a permission; else everything. */
  emptyIsNone?: boolean;
}

/** Which queues and exchanges a pattern matches at present, by the server's own matcher. */
export function PatternMatches({ vhost, pattern, queues, exchanges, emptyIsNone = false }: MatchesProps) {
  const settled = useSettled(pattern);
  const nothing = settled === '' && emptyIsNone;
  const { data, error } = useResource(
    `matches ${vhost} ${queues} ${exchanges} ${settled}`,
    async (signal) => {
      if (!vhost || nothing) return null;
      // With regard to case, as a policy and a permission have it; a list of names has not.
      const query = { page: 1, name: settled && `(?-i:${settled})`, pattern: true, sort: 'name', columns: ['name'] };
      return {
        queues: queues ? await calls.queues(vhost, query, signal) : null,
        exchanges: exchanges ? await calls.exchanges(vhost, query, signal) : null,
      };
    },
    undefined,
    { keep: true },
  );
  if (nothing) return <p class="field-hint">Matches nothing</p>;
  if (error) return <p class="form-error">{error.message}</p>;
  if (!data) return <p class="field-hint">&nbsp;</p>;
  const part = (
    page: { items: { name: string }[]; filtered_count: number; total_count: number } | null,
    words: string,
  ) =>
    page ? (
      <>
        {count(page.filtered_count)} of {count(page.total_count)} {words}
        {page.items.slice(0, shownMax).map(({ name }, i) => (
          <span key={name}>
            {i ? ', ' : ': '}
            {name ? <Name value={name} /> : '(default)'}
          </span>
        ))}
        {page.filtered_count > shownMax ? ' …' : ''}
      </>
    ) : null;
  return (
    <p class="field-hint" aria-live="polite">
      Matches now {part(data.queues, 'queues')}
      {data.queues && data.exchanges ? '; ' : ''}
      {part(data.exchanges, 'exchanges')}
    </p>
  );
}
