// What the tests do to the broker from outside the browser: over HTTP, as any client would.
import assert from 'node:assert/strict';

export const base = process.env.LEVERET_HTTP;
assert.ok(base, 'LEVERET_HTTP must name the server under test; tests/web/run.mjs starts one');

export const authorization = 'Basic ' + Buffer.from('guest:guest').toString('base64');

const path = (...segments) => '/api/' + segments.map(encodeURIComponent).join('/');

/** One request; throws unless it succeeds. */
export async function call(method, url, body) {
  const response = await fetch(base + url, {
    method,
    headers: { Authorization: authorization, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

export const declareQueue = (name, args = {}, options = {}) =>
  call('PUT', path('queues', '/', name), { durable: true, auto_delete: false, arguments: args, ...options });
export const deleteQueue = (name) => call('DELETE', path('queues', '/', name));
export const queue = (name) => call('GET', path('queues', '/', name));
export const browse = (name, limit = 500) =>
  call('GET', `${path('x', 'queues', '/', name, 'messages')}?limit=${limit}`);

export async function publish(queueName, payload, { headers = {}, properties = {}, encoding = 'string' } = {}) {
  const { routed } = await call('POST', path('exchanges', '/', 'amq.default', 'publish'), {
    routing_key: queueName,
    payload,
    payload_encoding: encoding,
    properties: { delivery_mode: 2, headers, ...properties },
  });
  assert.ok(routed, `a message for ${queueName} reached no queue`);
}

/** Takes `count` messages and rejects them, so that they go to the dead-letter queue. */
export async function reject(name, count) {
  for (let left = count; left > 0;) {
    const taken = await call('POST', path('queues', '/', name, 'get'), {
      count: left,
      ackmode: 'reject_requeue_false',
      encoding: 'auto',
    });
    assert.ok(taken.length > 0, `${name} ran out of messages to reject`);
    left -= taken.length;
  }
}

/** Declares `name` with a dead-letter queue `dead` behind it. */
export async function declarePair(name, dead) {
  await declareQueue(dead);
  await declareQueue(name, { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead });
}

/** Publishes and rejects: one dead letter for each of `messages` ({ payload, headers, … }). */
export async function kill(name, messages) {
  for (const { payload, ...options } of messages) await publish(name, payload, options);
  await reject(name, messages.length);
}

/** How long anything may take that is waited for, in ms: only a hang is longer, also on a busy machine. */
export const deadline = 60_000;

/** Asks again until `condition` gives something true, and returns it. */
export async function until(condition, what) {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadline / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
