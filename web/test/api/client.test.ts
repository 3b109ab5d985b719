// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError, get, path, post, xpath } from '../../src/api/client';
import { basic, credentials, sessionStarted } from '../../src/state/session';

const answer = (status: number, body: string) =>
  vi.fn(() => Promise.resolve(new Response(status === 204 ? null : body, { status })));

beforeEach(() => sessionStarted(basic('guest', 'guest'), 'guest', []));
afterEach(() => vi.unstubAllGlobals());

test('segments of a path are encoded one by one', () => {
  expect(path('queues', '/', 'a/b c?')).toBe('/api/queues/%2F/a%2Fb%20c%3F');
  expect(xpath('operations', 91)).toBe('/api/x/operations/91');
});

test('names and passwords of any script make credentials', () => {
  expect(basic('guest', 'guest')).toBe('Basic Z3Vlc3Q6Z3Vlc3Q=');
  expect(basic('ü', '密:码')).toBe('Basic w7w65a+GOueggQ==');
});

test('every call says who asks and that no native prompt is wanted', async () => {
  const fetched = answer(200, '{"a":1}');
  vi.stubGlobal('fetch', fetched);
  expect(await get('/api/overview')).toEqual({ a: 1 });
  expect(fetched).toHaveBeenCalledWith(
    '/api/overview',
    expect.objectContaining({ credentials: 'omit', cache: 'no-store' }),
  );
  const [[, options]] = fetched.mock.calls as unknown as [[string, RequestInit]];
  expect(options.headers).toEqual({ Authorization: 'Basic Z3Vlc3Q6Z3Vlc3Q=', 'X-Requested-With': 'leveret-ui' });
});

test('an answer without a body is no value', async () => {
  vi.stubGlobal('fetch', answer(204, ''));
  expect(await post('/api/x', {})).toBe(undefined);
});

test("errors speak the server's words, or say what is known", async () => {
  vi.stubGlobal('fetch', answer(404, `{"error":"not_found","reason":"no queue 'x' in vhost '/'"}`));
  await expect(get('/api/x')).rejects.toMatchObject({
    status: 404,
    code: 'not_found',
    message: "no queue 'x' in vhost '/'",
  });
  vi.stubGlobal('fetch', answer(502, '<html>'));
  await expect(get('/api/x')).rejects.toMatchObject({ status: 502, message: expect.stringContaining('502') as string });
  vi.stubGlobal(
    'fetch',
    vi.fn(() => Promise.reject(new TypeError('failed'))),
  );
  await expect(get('/api/x')).rejects.toEqual(new ApiError(0, 'unreachable', 'The server cannot be reached.'));
});

test('a 401 ends the session it was given to, not a newer one', async () => {
  vi.stubGlobal('fetch', answer(401, '{}'));
  await expect(get('/api/x')).rejects.toMatchObject({ status: 401 });
  expect(credentials.value).toBe(null);
  expect(sessionStorage.getItem('leveret.authorization')).toBe(null);

  sessionStarted(basic('old', 'x'), 'old', []);
  let release = (_: Response): void => undefined;
  vi.stubGlobal(
    'fetch',
    vi.fn(() => new Promise<Response>((resolve) => (release = resolve))),
  );
  const late = get('/api/x');
  sessionStarted(basic('new', 'y'), 'new', []);
  release(new Response('{}', { status: 401 }));
  await expect(late).rejects.toMatchObject({ status: 401 });
  expect(credentials.value).toBe(basic('new', 'y'));
});
