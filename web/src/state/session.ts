import { signal } from '@preact/signals';

const key = 'leveret.authorization';

function stored(): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** The Authorization header of this tab, or null when nobody is logged in. Kept in this tab only. */
export const credentials = signal<string | null>(stored());

/** The user's name, as the server knows it. */
export const user = signal<string>('');

/** The user's tags, as the server knows them; null until it has told. */
export const tags = signal<string[] | null>(null);

/** Counts logins, so that what failed for lack of one is asked for again. */
export const logins = signal(0);

/** Basic credentials of a user; UTF-8 as RFC 7617 has it. */
export function basic(name: string, password: string): string {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return 'Basic ' + btoa(String.fromCharCode(...bytes));
}

/** Tags come as a list, from older brokers as one text with commas. */
export function tagList(given: string[] | string): string[] {
  return typeof given === 'string' ? given.split(',').filter(Boolean) : given;
}

export function sessionStarted(authorization: string, name: string, given: string[] | string): void {
  try {
    sessionStorage.setItem(key, authorization);
  } catch {
    // Storage is switched off: the login lasts until the page is closed.
  }
  credentials.value = authorization;
  user.value = name;
  tags.value = tagList(given);
  logins.value++;
}

/** The server no longer accepts `authorization`. A newer login is not touched by an old answer. */
export function sessionEnded(authorization: string | null = credentials.value): void {
  if (authorization !== credentials.value) return;
  try {
    sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
  credentials.value = null;
  tags.value = null;
  user.value = '';
}
