import type { DeathGroup, Message } from '../api/types';

const charactersMax = 160;

/** What differs between errors of one fault, tried in this order wherever no word is under way. */
const address = /0x[0-9a-f]+/iy;
const hexRun = /[0-9a-f][0-9a-f-]{0,128}/iy;
const number = /(?:\d|[.,](?=\d))+/y;
const quoted = /(['"`])[^]*?\1/y;

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** An address, a UUID, or eight and more hexadecimal digits that are not just a number. */
function identifierAt(text: string, at: number): string {
  const found = matchAt(address, text, at);
  if (found) return found;
  const run = matchAt(hexRun, text, at);
  if (!run || /[a-z_]/i.test(text[at + run.length] ?? '')) return '';
  const dashes = run.split('-').length - 1;
  if (dashes === 4 && run.length === 36) return run;
  return dashes === 0 && run.length >= 8 && /\d/.test(run) && /[a-f]/i.test(run) ? run : '';
}

/**
 * The text two errors share when they are the same fault: numbers → `#`, ids → `{id}`, quoted text → `{str}`,
 * first line, 160 characters. The rule is the server's (http/death.h), which groups by it: here it finds the
 * messages of a group.
 */
export function normalError(error: string | null): string {
  const text = (error ?? '').split(/[\r\n]/, 1)[0] ?? '';
  let normal = '';
  let inWord = false;
  for (let at = 0; at < text.length && normal.length < charactersMax * 2;) {
    let found: string = inWord ? '' : identifierAt(text, at);
    let sign = '{id}';
    if (!found && !inWord) [found, sign] = [matchAt(quoted, text, at), '{str}'];
    if (!found) [found, sign] = [matchAt(number, text, at), '#'];
    normal += found ? sign : text[at];
    inWord = !found && /[a-z_]/i.test(text[at] ?? '');
    at += found.length || 1;
  }
  return [...normal].slice(0, charactersMax).join('');
}

/** Whether a message is one of a group's. */
export function inGroup(message: Message, group: Pick<DeathGroup, 'reason' | 'queue' | 'error'>): boolean {
  return (
    (message.death?.reason ?? '') === group.reason &&
    (message.death?.queue ?? '') === group.queue &&
    normalError(message.error) === (group.error ?? '')
  );
}
