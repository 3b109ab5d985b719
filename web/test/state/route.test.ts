// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest';
import {
  formatSort,
  fromRabbitHash,
  go,
  href,
  param,
  parseSort,
  path,
  setParams,
  startRouting,
  withParams,
} from '../../src/state/route';

beforeEach(() => {
  history.replaceState(null, '', '/ui/queues');
  startRouting();
});

test('names of any kind pass through an address', () => {
  const name = 'a b/ü&c=d#e?<f>%2F+';
  go(href('/ui/queue', { vhost: '/', name }));
  expect(path.value).toBe('/ui/queue');
  expect(param('name')).toBe(name);
  expect(param('vhost')).toBe('/');
});

test('what is empty is not in the address', () => {
  expect(href('/ui/queues', { q: '', sort: null, show: false, sel: undefined })).toBe('/ui/queues');
  expect(href('/ui/queues', { sel: 0 })).toBe('/ui/queues?sel=0');
});

test('changing one value keeps the others', () => {
  go('/ui/dead-letters?vhost=%2F&name=x&sel=3');
  expect(withParams({ sel: null })).toBe('/ui/dead-letters?vhost=%2F&name=x');
  setParams({ sel: 4 });
  expect([param('name'), param('sel')]).toEqual(['x', '4']);
});

test('the start page is the overview', () => {
  history.replaceState(null, '', '/');
  startRouting();
  expect(path.value).toBe('/ui/overview');
  expect(location.pathname).toBe('/ui/overview');
});

test("RabbitMQ's addresses arrive", () => {
  expect(fromRabbitHash('#/queues/%2F/emails')).toBe('/ui/queue?vhost=%2F&name=emails');
  expect(fromRabbitHash('#/queues/%2F/a%2Fb%20c')).toBe('/ui/queue?vhost=%2F&name=a%2Fb+c');
  expect(fromRabbitHash('#/queues')).toBe('/ui/queues');
  expect(fromRabbitHash('#/')).toBe('/ui/overview');
  expect(fromRabbitHash('#/users/ann')).toBe('/ui/user?name=ann');
  expect(fromRabbitHash('#/vhosts')).toBe('/ui/vhosts');
  expect(fromRabbitHash('#/connections')).toBe('/ui/connections');
  expect(fromRabbitHash('#main')).toBe(null);
  expect(fromRabbitHash('#/nonsense')).toBe(null);
  expect(fromRabbitHash('#/queues/%/x')).toBe('/ui/queue?vhost=%25&name=x');
});

test('an order is one word', () => {
  const fallback = { column: 'name', descending: false };
  for (const text of ['ready', '-ready', '-in']) expect(formatSort(parseSort(text, fallback))).toBe(text);
  expect(parseSort('', fallback)).toBe(fallback);
});
