import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as calls from '../api/calls';
import type { DeadLetterQueue } from '../api/types';
import { following } from './live';
import { logins } from './session';

/** All dead-letter queues of all virtual hosts; null before the first answer. */
export const deadLetters = signal<DeadLetterQueue[] | null>(null);

const every = 5_000;

export async function refreshDeadLetters(): Promise<void> {
  try {
    deadLetters.value = await calls.deadLetters();
  } catch {
    // The page that shows them asks by itself and says what is wrong; the badge stays as it was.
  }
}

/** Keeps the list fresh while the dashboard is visible and live. */
export function useDeadLetters(): void {
  const active = following.value;
  const login = logins.value;
  useEffect(() => {
    if (!active) return;
    void refreshDeadLetters();
    const timer = setInterval(() => void refreshDeadLetters(), every);
    return () => clearInterval(timer);
  }, [active, login]);
}
