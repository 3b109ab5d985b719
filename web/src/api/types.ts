/** The JSON of Leveret's HTTP API, as far as the dashboard reads it. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** What it was at a time, ms. */
export interface Sample {
  sample: number;
  timestamp: number;
}

export interface Rate {
  rate: number;
  /** For a range that was asked for, the newest first. */
  samples?: Sample[];
}

/** Counters since the start and their present rates; the server leaves out what never happened. */
export interface MessageStats {
  publish?: number;
  publish_details?: Rate;
  deliver_get?: number;
  deliver_get_details?: Rate;
  ack?: number;
  ack_details?: Rate;
  redeliver?: number;
  redeliver_details?: Rate;
  return_unroutable?: number;
  return_unroutable_details?: Rate;
  dead_lettered?: number;
  dead_lettered_details?: Rate;
}

export interface QueueTotals {
  messages: number;
  messages_ready: number;
  messages_ready_details?: Rate;
  messages_unacknowledged: number;
  messages_unacknowledged_details?: Rate;
}

export interface Overview {
  product_name: string;
  product_version: string;
  node: string;
  cluster_name: string;
  object_totals: {
    connections: number;
    channels: number;
    exchanges: number;
    queues: number;
    consumers: number;
  };
  queue_totals: QueueTotals;
  message_stats?: MessageStats;
  /** What has come and gone since the start. */
  churn_rates?: Record<string, number | Rate>;
  /** Milliseconds since the start of the server. */
  uptime?: number;
}

export interface Whoami {
  name: string;
  tags: string[] | string;
}

export interface Consumer {
  consumer_tag: string;
  ack_required?: boolean;
  exclusive?: boolean;
  active?: boolean;
  prefetch_count?: number;
  arguments?: JsonObject;
  queue?: { name: string; vhost: string };
  channel_details?: {
    name?: string;
    number?: number;
    connection_name?: string;
    peer_host?: string;
    peer_port?: number;
    user?: string;
  };
}

export interface Queue extends QueueTotals {
  name: string;
  vhost: string;
  type?: string;
  durable: boolean;
  auto_delete: boolean;
  exclusive: boolean;
  arguments: JsonObject;
  state?: string;
  message_bytes?: number;
  consumers: number;
  policy?: string | null;
  operator_policy?: string | null;
  /** What the two come to together. */
  effective_policy_definition?: JsonObject | null;
  message_stats?: MessageStats;
  /** Leveret's own: what RabbitMQ does not tell. */
  x?: {
    last_seq?: number;
    /** When the head came to the queue, ms since the epoch; absent when the queue is empty or the head is on disk. */
    head_published_at?: number;
    /** Messages dropped, by reason. */
    dropped?: Record<string, number>;
    dead_letter_queues?: string[];
    dead_letter_sources?: string[];
  };
  consumer_details?: Consumer[];
}

export interface Binding {
  source: string;
  vhost: string;
  destination: string;
  destination_type: string;
  routing_key: string;
  arguments: JsonObject;
  properties_key: string;
}

export interface Exchange {
  name: string;
  vhost: string;
  type: string;
  durable: boolean;
  auto_delete: boolean;
  internal: boolean;
  arguments: JsonObject;
  /** Since the start. */
  message_stats?: { publish_in?: number; publish_out?: number };
}

export interface Connection {
  name: string;
  user: string;
  vhost: string;
  state: string;
  channels: number;
  peer_host?: string;
  peer_port?: number;
  ssl?: boolean;
  /** Milliseconds since the epoch. */
  connected_at?: number;
  client_properties?: JsonObject;
  recv_oct_details?: Rate;
  send_oct_details?: Rate;
}

/** One entry of a message's x-death header, newest first. `time` (s) is that of the first such death. */
export interface Death {
  reason: string;
  queue: string;
  exchange?: string;
  'routing-keys'?: string[];
  count?: number;
  time?: number;
  'original-expiration'?: string;
}

export interface DeathSummary {
  reason: string;
  queue: string;
  exchange: string;
  routing_keys: string[];
  count: number;
  /** Seconds since the epoch. */
  time: number;
  first_death_time?: number;
  total_count?: number;
  deaths: Death[];
}

export interface Message {
  seq: number;
  state: 'ready' | 'unacked';
  redelivered: boolean;
  delivery_count: number;
  exchange: string;
  routing_key: string;
  /** When the message came to this queue, in ms since the epoch; of a dead letter, when it died last. */
  published_at: number;
  payload_bytes: number;
  payload: string;
  payload_encoding: 'string' | 'base64';
  truncated: boolean;
  properties: JsonObject & { headers?: JsonObject };
  death: DeathSummary | null;
  error: string | null;
}

export interface MessagePage {
  items: Message[];
  /** Goes into `after` for the next page; null at the end. */
  next: number | null;
  messages_ready: number;
  /** The highest seq in the queue when the page was read. */
  snapshot_seq: number;
}

export interface DeadLetterQueue {
  vhost: string;
  name: string;
  messages: number;
  messages_ready: number;
  sources: string[];
  dead_lettered_rate?: number;
}

/** Messages that died alike; reason and queue are empty for those without an x-death header. */
export interface DeathGroup {
  reason: string;
  queue: string;
  error: string | null;
  count: number;
  /** Seconds since the epoch. */
  first_time: number;
  last_time: number;
}

export interface DeathGroups {
  items: DeathGroup[];
  scanned: number;
  total: number;
}

export interface Operation {
  id: number | string;
  kind: 'replay' | 'delete';
  vhost: string;
  queue: string;
  target: string | null;
  actor: string;
  created: number;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  total: number;
  done: number;
  /** Messages that were gone when their turn came. */
  skipped: number;
  /** The first of those that failed and stayed where they were, and how many they are. */
  failed: { seq: number; reason: string }[];
  failed_count: number;
}

export interface User {
  name: string;
  tags: string[];
  /** Empty for one who cannot log in by a password. */
  password_hash: string;
  limits: Record<string, number>;
}

export interface Permission {
  user: string;
  vhost: string;
  configure: string;
  write: string;
  read: string;
}

export interface TopicPermission {
  user: string;
  vhost: string;
  exchange: string;
  write: string;
  read: string;
}

export interface Token {
  id: string;
  user: string;
  description: string;
  /** Seconds since the epoch. */
  created_at: number;
  expires_at: number | null;
  /** Only in the answer that made it. */
  token?: string;
}

export interface Vhost {
  name: string;
  description: string;
  tags: string[];
  /** `undefined` when queues are what their clients say. */
  default_queue_type: string;
  messages_ready: number;
  messages_unacknowledged: number;
  x?: { connections: number; exchanges: number; queues: number; consumers: number };
}

export interface VhostLimits {
  vhost: string;
  value: Record<string, number>;
}

export interface Policy {
  vhost: string;
  name: string;
  pattern: string;
  'apply-to': string;
  priority: number;
  definition: JsonObject;
}

export interface Setting {
  name: string;
  value: string | number | boolean | string[];
  default: string | number | boolean | string[];
  origin: string;
  /** A change takes effect at once, not only at the next start. */
  live: boolean;
  waits_for_restart: boolean;
}

export interface SettingsChange {
  changed: { name: string; from: Setting['value']; to: Setting['value'] }[];
  /** In effect from the next start on. */
  waiting: { name: string; from: Setting['value']; to: Setting['value'] }[];
}

export type ImportAction = 'add' | 'change' | 'same' | 'conflict';

export interface ImportReport {
  counts: Record<ImportAction, number>;
  objects: {
    kind: string;
    vhost?: string;
    name: string;
    action: ImportAction;
    differences?: { field: string; is: Json; wanted: Json }[];
  }[];
  notes: string[];
}

export interface Node {
  name: string;
  uptime: number;
  os_pid: string;
  processors: number;
  mem_used: number;
  mem_limit: number;
  mem_alarm: boolean;
  disk_free: number;
  disk_free_limit: number;
  disk_free_alarm: boolean;
  fd_used: number;
  fd_total: number;
  sockets_used: number;
  sockets_total: number;
  proc_used: number;
  db_dir?: string;
  mem_used_details?: Rate;
  disk_free_details?: Rate;
}
