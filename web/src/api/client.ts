import { credentials, sessionEnded } from '../state/session';

/** A request that did not succeed. `status` 0: the server could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** Headers of every call: who we are, and that no native password prompt is wanted. */
export function headers(): Record<string, string> {
  const authorization = credentials.value;
  return {
    'X-Requested-With': 'leveret-ui',
    ...(authorization ? { Authorization: authorization } : {}),
  };
}

/** Builds a path from segments that are encoded one by one: `path('queues', '/', 'a b')`. */
export function path(...segments: (string | number)[]): string {
  return '/api/' + segments.map((segment) => encodeURIComponent(segment)).join('/');
}

/** The same under /api/x, for what RabbitMQ's API does not have. */
export function xpath(...segments: (string | number)[]): string {
  return path('x', ...segments);
}

async function failure(response: Response): Promise<ApiError> {
  let code = '';
  let reason = `The server answered ${response.status} ${response.statusText}`.trim() + '.';
  try {
    const body = (await response.json()) as { error?: unknown; reason?: unknown };
    if (typeof body.error === 'string') code = body.error;
    if (typeof body.reason === 'string' && body.reason) reason = body.reason;
  } catch {
    // No JSON body: the status says enough.
  }
  return new ApiError(response.status, code, reason);
}

/**
 * Sends one request and returns the open response. A body becomes JSON, but for a Blob, which is JSON already and goes
 * as it is. Throws ApiError; a 401 also ends the session.
 */
export async function open(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const sentAs = credentials.value;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      cache: 'no-store',
      credentials: 'omit',
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
  }
  if (response.ok) return response;
  if (response.status === 401) sessionEnded(sentAs);
  throw await failure(response);
}

async function request<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await open(method, url, body, signal);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(url: string, signal?: AbortSignal): Promise<T> => request<T>('GET', url, undefined, signal);
export const put = <T = void>(url: string, body: unknown): Promise<T> => request<T>('PUT', url, body);
export const post = <T = void>(url: string, body: unknown): Promise<T> => request<T>('POST', url, body);
export const remove = <T = void>(url: string): Promise<T> => request<T>('DELETE', url);

/** True for the rejection of an aborted request, which is no news to anyone. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
