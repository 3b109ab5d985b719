import { signal } from '@preact/signals';

/** The time in ms, once a second while the page is visible. Relative times and data ages follow it. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1000);
  document.addEventListener('visibilitychange', () => (now.value = Date.now()));
}
