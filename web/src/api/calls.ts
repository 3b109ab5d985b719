/** Every call the dashboard makes, by name; paths appear nowhere else. */
import { get, headers, open, path, post, put, remove, xpath } from './client';
import { listQuery, type ListPage, type ListQuery } from './list';
import type {
  Binding,
  Connection,
  DeadLetterQueue,
  DeathGroups,
  Exchange,
  ImportReport,
  JsonObject,
  Message,
  MessagePage,
  Node,
  Operation,
  Overview,
  Permission,
  Policy,
  Queue,
  Setting,
  SettingsChange,
  Token,
  TopicPermission,
  User,
  Vhost,
  VhostLimits,
  Whoami,
} from './types';

export const overview = (signal?: AbortSignal) => get<Overview>(path('overview'), signal);
/** From now back to `age` seconds ago, a sample every `incr`. */
export interface Span {
  age: number;
  incr: number;
}
const samples = ({ age, incr }: Span, columns: string[]) =>
  `lengths_age=${age}&lengths_incr=${incr}&msg_rates_age=${age}&msg_rates_incr=${incr}&columns=${columns.join(',')}`;
export const overviewHistory = (span: Span, signal?: AbortSignal) =>
  get<Overview>(`${path('overview')}?${samples(span, ['queue_totals', 'message_stats'])}`, signal);
export const whoami = (signal?: AbortSignal) => get<Whoami>(path('whoami'), signal);

const list = <T>(url: string, query: ListQuery, signal?: AbortSignal) =>
  get<ListPage<T>>(`${url}?${listQuery(query)}`, signal);

/** A page of the queues of a virtual host, or of all with an empty name. */
export const queues = (vhost: string, query: ListQuery, signal?: AbortSignal) =>
  list<Queue>(vhost ? path('queues', vhost) : path('queues'), query, signal);
export const queue = (vhost: string, name: string, signal?: AbortSignal) =>
  get<Queue>(path('queues', vhost, name), signal);
export const queueHistory = (vhost: string, name: string, span: Span, signal?: AbortSignal) => {
  const columns = [
    'messages_ready',
    'messages_ready_details',
    'messages_unacknowledged',
    'messages_unacknowledged_details',
    'message_stats',
  ];
  return get<Queue>(`${path('queues', vhost, name)}?${samples(span, columns)}`, signal);
};
export const queueBindings = (vhost: string, name: string, signal?: AbortSignal) =>
  get<Binding[]>(path('queues', vhost, name, 'bindings'), signal);
export const exchanges = (vhost: string, query: ListQuery, signal?: AbortSignal) =>
  list<Exchange>(vhost ? path('exchanges', vhost) : path('exchanges'), query, signal);
export const connections = (vhost: string, query: ListQuery, signal?: AbortSignal) =>
  list<Connection>(vhost ? path('vhosts', vhost, 'connections') : path('connections'), query, signal);
/** The names of the virtual hosts that the user sees. */
export const vhostNames = (signal?: AbortSignal) =>
  get<{ name: string }[]>(path('vhosts') + '?columns=name', signal).then((all) => all.map(({ name }) => name));

export const purgeQueue = (vhost: string, name: string) => remove(path('queues', vhost, name, 'contents'));
export const deleteQueue = (vhost: string, name: string) => remove(path('queues', vhost, name));

export interface Publication {
  properties: JsonObject;
  routing_key: string;
  payload: string;
  payload_encoding: 'string' | 'base64';
}

/** Publishes to an exchange; the default exchange is `amq.default`. */
export const publish = (vhost: string, exchange: string, publication: Publication) =>
  post<{ routed: boolean }>(path('exchanges', vhost, exchange, 'publish'), publication);

export interface BrowseOptions {
  /** Return messages after this seq; 0 starts at the head. */
  after?: number;
  /** 1 to 500 messages. */
  limit?: number;
  /** Bytes of each body. */
  truncate?: number;
}

/** Reads messages in order of arrival. Nothing is consumed, requeued or marked. */
export function messages(
  vhost: string,
  name: string,
  options: BrowseOptions,
  signal?: AbortSignal,
): Promise<MessagePage> {
  const query = new URLSearchParams();
  if (options.after) query.set('after', String(options.after));
  query.set('limit', String(options.limit ?? 100));
  query.set('truncate', String(options.truncate ?? 4096));
  return get<MessagePage>(`${xpath('queues', vhost, name, 'messages')}?${query}`, signal);
}

/** One message with its whole body. */
export const message = (vhost: string, name: string, seq: number, signal?: AbortSignal) =>
  get<Message>(xpath('queues', vhost, name, 'messages', seq), signal);

export const deadLetters = (signal?: AbortSignal) =>
  get<{ items: DeadLetterQueue[] }>(xpath('dead-letters'), signal).then((answer) => answer.items);
export const deathGroups = (vhost: string, name: string, signal?: AbortSignal) =>
  get<DeathGroups>(xpath('queues', vhost, name, 'groups'), signal);

/** What a bulk action is about: named messages, or all up to what was seen. */
export type MessageSet = { seqs: number[] } | { all: true; snapshot_seq: number };

/** Moves messages to `target`, or each to its original queue when there is none. */
export const replay = (vhost: string, name: string, set: MessageSet, target?: string) =>
  post<Operation>(xpath('queues', vhost, name, 'replay'), target ? { ...set, target: { queue: target } } : set);
export const deleteMessages = (vhost: string, name: string, seqs: number[]) =>
  post<Operation>(xpath('queues', vhost, name, 'delete'), { seqs });

// Operations are numbered within their virtual host.
const operationPath = ({ id, vhost }: Operation) => `${xpath('operations', id)}?vhost=${encodeURIComponent(vhost)}`;
export const operation = (known: Operation) => get<Operation>(operationPath(known));
export const cancelOperation = (known: Operation) => remove(operationPath(known));

export const nodes = (signal?: AbortSignal) => get<Node[]>(path('nodes'), signal);
/** The alarms in effect, by resource; for whoever may not see the node. */
export async function alarms(signal?: AbortSignal): Promise<string[]> {
  const url = path('health', 'checks', 'alarms');
  const response = await fetch(url, {
    headers: headers(),
    cache: 'no-store',
    credentials: 'omit',
    ...(signal ? { signal } : {}),
  });
  if (response.status !== 503) return [];
  const body = (await response.json()) as { alarms?: { resource?: unknown }[] };
  // RabbitMQ's name of it has a word more.
  return (body.alarms ?? []).flatMap(({ resource }) =>
    typeof resource === 'string' ? [resource === 'disk space' ? 'disk' : resource] : [],
  );
}

export const users = (query: ListQuery, signal?: AbortSignal) => list<User>(path('users'), query, signal);
export const user = (name: string, signal?: AbortSignal) => get<User>(path('users', name), signal);
export interface UserChange {
  tags: string[];
  /** Without it the password stays; an empty one leaves none to log in with. */
  password?: string;
}
export const putUser = (name: string, change: UserChange) => put(path('users', name), change);
export const deleteUser = (name: string) => remove(path('users', name));
/** A limit of a user or virtual host; null for none. */
const putLimit = (url: string, value: number | null) => (value === null ? remove(url) : put(url, { value }));
export const putUserLimit = (name: string, limit: string, value: number | null) =>
  putLimit(path('user-limits', name, limit), value);

export const permissions = (user: string, signal?: AbortSignal) =>
  get<Permission[]>(path('users', user, 'permissions'), signal);
export const vhostPermissions = (vhost: string, signal?: AbortSignal) =>
  get<Permission[]>(path('vhosts', vhost, 'permissions'), signal);
export const putPermission = ({ vhost, user, configure, write, read }: Permission) =>
  put(path('permissions', vhost, user), { configure, write, read });
export const deletePermission = (vhost: string, user: string) => remove(path('permissions', vhost, user));
export const topicPermissions = (user: string, signal?: AbortSignal) =>
  get<TopicPermission[]>(path('users', user, 'topic-permissions'), signal);
export const putTopicPermission = ({ vhost, user, exchange, write, read }: TopicPermission) =>
  put(path('topic-permissions', vhost, user), { exchange, write, read });
export const deleteTopicPermission = ({ vhost, user, exchange }: TopicPermission) =>
  remove(path('topic-permissions', vhost, user, exchange));

/** The tokens of a user; of all that the asker sees with an empty name. */
export const tokens = (user: string, signal?: AbortSignal) =>
  get<Token[]>(xpath('tokens') + (user ? `?user=${encodeURIComponent(user)}` : ''), signal);
export const makeToken = (token: { user?: string; description: string; expires_in?: number }) =>
  post<Token>(xpath('tokens'), token);
export const deleteToken = (id: string) => remove(xpath('tokens', id));

export const vhosts = (query: ListQuery, signal?: AbortSignal) => list<Vhost>(path('vhosts'), query, signal);
export const vhost = (name: string, signal?: AbortSignal) => get<Vhost>(path('vhosts', name), signal);
export const putVhost = (name: string, change: { description: string; tags: string[]; default_queue_type: string }) =>
  put(path('vhosts', name), change);
export const deleteVhost = (name: string) => remove(path('vhosts', name));
export const vhostLimits = (name: string, signal?: AbortSignal) =>
  get<VhostLimits[]>(path('vhost-limits', name), signal).then((all) => all[0]?.value ?? {});
export const putVhostLimit = (name: string, limit: string, value: number | null) =>
  putLimit(path('vhost-limits', name, limit), value);

export type PolicyKind = 'policies' | 'operator-policies';
export const policies = (kind: PolicyKind, vhost: string, query: ListQuery, signal?: AbortSignal) =>
  list<Policy>(vhost ? path(kind, vhost) : path(kind), query, signal);
export const putPolicy = (kind: PolicyKind, { vhost, name, ...policy }: Policy) => put(path(kind, vhost, name), policy);
export const deletePolicy = (kind: PolicyKind, vhost: string, name: string) => remove(path(kind, vhost, name));

const definitionsPath = (vhost: string) => (vhost ? path('definitions', vhost) : path('definitions'));
/** All definitions, or those of a virtual host, as the server writes them. */
export const exportDefinitions = (vhost: string) =>
  open('GET', definitionsPath(vhost)).then((response) => response.text());
/** Imports definitions, all or none; `dryRun` only says what would be done. */
export async function importDefinitions(
  vhost: string,
  definitions: Blob,
  { dryRun = false, keepConflicts = false },
): Promise<ImportReport> {
  const query = `${dryRun ? 'dry_run' : 'report'}=true${keepConflicts ? '&conflicts=keep' : ''}`;
  const response = await open('POST', `${definitionsPath(vhost)}?${query}`, definitions);
  return (await response.json()) as ImportReport;
}

export const settings = (signal?: AbortSignal) => get<Setting[]>(xpath('config'), signal);
export const setSetting = (name: string, value: string) => put<SettingsChange>(xpath('config', name), { value });
export const unsetSetting = (name: string) => remove<SettingsChange>(xpath('config', name));
export const reloadSettings = () => post<SettingsChange>(xpath('config', 'reload'), {});
