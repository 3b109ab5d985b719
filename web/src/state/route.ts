import { batch, computed, signal } from '@preact/signals';

/** The address is the state of the page: its path says which page, its query what the page shows. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

export type Query = Record<string, string | number | null | undefined | false>;

/** RabbitMQ's addresses (`#/queues/%2F/emails`), so that old bookmarks and runbooks arrive. */
export function fromRabbitHash(hash: string): string | null {
  if (!hash.startsWith('#/')) return null;
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  const [page, vhost, name] = hash.slice(2).split('/').map(decode);
  switch (page) {
    case 'queues':
      return vhost && name ? href('/ui/queue', { vhost, name }) : '/ui/queues';
    case 'exchanges':
      return '/ui/exchanges';
    case 'connections':
    case 'channels':
      return '/ui/connections';
    case 'users':
      return vhost ? href('/ui/user', { name: vhost }) : '/ui/users';
    case 'vhosts':
      return vhost ? href('/ui/vhost', { name: vhost }) : '/ui/vhosts';
    case 'policies':
      return '/ui/policies';
    case '':
      return '/ui/overview';
    default:
      return null;
  }
}

/** An address of ours. Empty values are left out, so that equal states have equal addresses. */
export function href(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== false && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

const place = signal<Place>(here());

export const path = computed(() => (place.value.path === '/' ? '/ui/overview' : place.value.path));

/** A value of the query string; subscribes the component that reads it. */
export function param(name: string): string {
  return place.value.query.get(name) ?? '';
}

/** Goes to an address. `replace` leaves no trace in the history (filters, sorting). */
export function go(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', to);
  const before = path.value;
  batch(() => (place.value = here()));
  if (path.value !== before) scrollTo(0, 0);
}

/** The present address with some values changed. */
export function withParams(changes: Query): string {
  const merged: Query = Object.fromEntries(place.peek().query);
  return href(path.peek(), { ...merged, ...changes });
}

export function setParams(changes: Query, options: { replace?: boolean } = { replace: true }): void {
  go(withParams(changes), options);
}

/** Follows the browser's history and RabbitMQ's old addresses. Called once. */
export function startRouting(): void {
  const old = fromRabbitHash(location.hash);
  if (old) history.replaceState(null, '', old);
  else if (location.pathname === '/') history.replaceState(null, '', '/ui/overview' + location.search);
  place.value = here();
  addEventListener('popstate', () => (place.value = here()));
  addEventListener('hashchange', () => {
    const to = fromRabbitHash(location.hash);
    if (to) go(to, { replace: true });
  });
}

/** Order of a table in the address: `name`, or `-name` for descending. */
export interface Sort {
  column: string;
  descending: boolean;
}

export function parseSort(text: string, fallback: Sort): Sort {
  if (!text) return fallback;
  return text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

export function formatSort(sort: Sort): string {
  return (sort.descending ? '-' : '') + sort.column;
}
