/** Every call the dashboard makes, by name; paths appear nowhere else. */
import { get, path, post, remove, xpath } from './client';
import { listQuery, type ListPage, type ListQuery } from './list';
import type {
  Binding,
  Connection,
  DeadLetterQueue,
  DeathGroups,
  Exchange,
  JsonObject,
  Message,
  MessagePage,
  Operation,
  Overview,
  Queue,
  Whoami,
} from './types';

export const overview = (signal?: AbortSignal) => get<Overview>(path('overview'), signal);
export const whoami = (signal?: AbortSignal) => get<Whoami>(path('whoami'), signal);

const list = <T>(url: string, query: ListQuery, signal?: AbortSignal) =>
  get<ListPage<T>>(`${url}?${listQuery(query)}`, signal);

/** A page of the queues of a virtual host, or of all with an empty name. */
export const queues = (vhost: string, query: ListQuery, signal?: AbortSignal) =>
  list<Queue>(vhost ? path('queues', vhost) : path('queues'), query, signal);
export const queue = (vhost: string, name: string, signal?: AbortSignal) =>
  get<Queue>(path('queues', vhost, name), signal);
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
