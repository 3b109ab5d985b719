import { useEffect } from 'preact/hooks';
import type { ApiError } from '../api/client';
import type { ListPage, ListQuery } from '../api/list';
import type { Column } from '../ui/table';
import { useResource } from './resource';
import { formatSort, param, parseSort, setParams, type Sort } from './route';

export interface ListState<T> {
  page: ListPage<T> | null;
  error: ApiError | null;
  loading: boolean;
  /** The filter of the address, and whether it is a pattern. */
  filter: string;
  isPattern: boolean;
  sort: Sort;
  onSort: (sort: Sort) => void;
  reload: () => void;
}

interface ListOptions<T> {
  /** What the list is of, with all that is chosen besides filter, order and page. */
  key: string;
  load: (query: ListQuery, signal: AbortSignal) => Promise<ListPage<T>>;
  columns: Column<T>[];
  /** Repeats the call this long (ms) after the last answer. */
  every?: number;
  sort?: Sort;
}

/** One page of a list by the address: `q` and `re` filter, `sort` orders, `page` says which. */
export function useList<T>({ key, load, columns, every, sort: first }: ListOptions<T>): ListState<T> {
  const filter = param('q');
  const isPattern = param('re') !== '';
  const sort = parseSort(param('sort'), first ?? { column: 'name', descending: false });
  const number = Math.max(1, Math.trunc(Number(param('page'))) || 1);
  const path = columns.find((column) => column.id === sort.column)?.sortPath;
  const query: ListQuery = {
    page: number,
    name: filter,
    pattern: isPattern,
    ...(path ? { sort: path } : {}),
    descending: sort.descending,
  };
  const { data, error, loading, reload } = useResource(
    `${key} ${JSON.stringify(query)}`,
    (signal) => load(query, signal),
    every,
    { keep: true },
  );
  // A list that has become shorter has no such page any more.
  const last = data && number > 1 && data.items.length === 0 && !loading ? Math.max(1, data.page_count) : 0;
  const isBeyond = error?.code === 'page_out_of_range' && number > 1;
  useEffect(() => {
    if (isBeyond) setParams({ page: null });
    else if (last && last < number) setParams({ page: last > 1 && last });
  }, [isBeyond, last, number]);
  return {
    page: data,
    error: isBeyond ? null : error,
    loading,
    filter,
    isPattern,
    sort,
    onSort: (next) => setParams({ sort: formatSort(next), page: null }),
    reload,
  };
}
