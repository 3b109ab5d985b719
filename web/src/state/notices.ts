import { signal } from '@preact/signals';

/** A short message at the edge of the page: what an action came to. */
export interface Notice {
  id: number;
  tone: 'ok' | 'warn' | 'danger';
  text: string;
  /** More lines, folded: reasons of what failed. */
  details: string[];
}

export const notices = signal<Notice[]>([]);

let last = 0;

/** Shows a notice. Good news leaves by itself after 8 s; the rest stays until it is closed. */
export function notify(tone: Notice['tone'], text: string, details: string[] = []): void {
  const id = ++last;
  notices.value = [...notices.value.slice(-4), { id, tone, text, details }];
  if (tone === 'ok') setTimeout(() => dismiss(id), 8_000);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
