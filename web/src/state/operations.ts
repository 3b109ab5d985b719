import { signal } from '@preact/signals';
import * as calls from '../api/calls';
import type { Operation } from '../api/types';
import { count, plural } from '../ui/format';
import { visible } from '../ui/visible';
import { notify } from './notices';
import { asApiError } from './resource';

/** Operations this page started and that still run; shown on every page. */
export const running = signal<Operation[]>([]);

const pollEvery = 300;

/** The result of a finished operation in one sentence: what was done, what was not, and why. */
export function outcome(operation: Operation): { tone: 'ok' | 'warn' | 'danger'; text: string; details: string[] } {
  const verb = operation.kind === 'replay' ? 'Replayed' : 'Deleted';
  const target =
    operation.kind === 'replay' ? ` to ${operation.target ? visible(operation.target) : 'original queues'}` : '';
  const complete = operation.done === operation.total;
  const parts = [
    `${verb} ${complete ? '' : `${count(operation.done)} of `}${plural(operation.total, 'message')}${target}`,
  ];
  if (operation.skipped > 0) parts.push(`${count(operation.skipped)} already gone`);
  if (operation.failed_count > 0) parts.push(`${count(operation.failed_count)} failed and stayed`);
  if (operation.state === 'cancelled') parts.push('cancelled');
  if (operation.state === 'failed') parts.push('stopped by an error');
  const bad = operation.state === 'failed' || (operation.done === 0 && operation.failed_count > 0);
  return {
    tone: bad ? 'danger' : complete ? 'ok' : 'warn',
    text: parts.join(' · '),
    details: reasons(operation.failed),
  };
}

/** Failures by reason, most frequent first: "12 × no queue 'x' (seq 4, 5, 6 …)". */
export function reasons(failed: Operation['failed']): string[] {
  const byReason = new Map<string, number[]>();
  for (const { seq, reason } of failed) byReason.set(reason, [...(byReason.get(reason) ?? []), seq]);
  return [...byReason]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(
      ([reason, seqs]) =>
        `${count(seqs.length)} × ${visible(reason)} (seq ${seqs.slice(0, 5).join(', ')}${seqs.length > 5 ? ' …' : ''})`,
    );
}

/** Operations are numbered within their virtual host. */
function isSame(a: Operation, b: Operation): boolean {
  return a.id === b.id && a.vhost === b.vhost;
}

function show(operation: Operation): void {
  running.value = [...running.value.filter((other) => !isSame(other, operation)), operation];
}

function hide(operation: Operation): void {
  running.value = running.value.filter((other) => !isSame(other, operation));
}

/** Follows an operation to its end, tells the result, and returns it. */
export async function watch(started: Operation): Promise<Operation> {
  let operation = started;
  try {
    while (operation.state === 'running') {
      show(operation);
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
      operation = await calls.operation(operation);
    }
    const { tone, text, details } = outcome(operation);
    notify(tone, text, details);
  } catch (error) {
    notify('warn', `Lost sight of operation ${operation.id}: ${asApiError(error).message} It goes on in the server.`);
  } finally {
    hide(operation);
  }
  return operation;
}

export async function cancel(operation: Operation): Promise<void> {
  try {
    await calls.cancelOperation(operation);
  } catch (error) {
    notify('danger', `Operation ${operation.id} was not cancelled: ${asApiError(error).message}`);
  }
}
