/** Lists that the server filters, sorts and cuts into pages, as RabbitMQ's API does. */

export interface ListPage<T> {
  items: T[];
  page: number;
  page_count: number;
  /** Those that the filter lets through, and all there are. */
  filtered_count: number;
  total_count: number;
}

export interface ListQuery {
  page: number;
  /** Part of a name, without regard to case; with `pattern` a regular expression. */
  name?: string;
  pattern?: boolean;
  /** A path into the items, such as `message_stats.ack_details.rate`. */
  sort?: string;
  descending?: boolean;
  columns?: readonly string[];
  /** Of queues, only those that hold messages. */
  nonEmpty?: boolean;
}

/** Rows on a page of a list. */
export const pageSize = 100;

export function listQuery(query: ListQuery): string {
  const params = new URLSearchParams({ page: String(query.page), page_size: String(pageSize) });
  if (query.name) params.set('name', query.name);
  if (query.name && query.pattern) params.set('use_regex', 'true');
  if (query.sort) params.set('sort', query.sort);
  if (query.descending) params.set('sort_reverse', 'true');
  if (query.nonEmpty) params.set('non_empty', 'true');
  if (query.columns?.length) params.set('columns', query.columns.join(','));
  return params.toString();
}
