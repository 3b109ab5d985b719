import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const key = 'leveret.theme';
const order: Theme[] = ['auto', 'light', 'dark'];

function stored(): Theme {
  try {
    const value = localStorage.getItem(key) as Theme | null;
    return value && order.includes(value) ? value : 'auto';
  } catch {
    return 'auto';
  }
}

export const theme = signal<Theme>('auto');

function show(value: Theme): void {
  theme.value = value;
  if (value === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = value;
}

/** Applies the stored choice; called before anything is drawn. */
export function startTheme(): void {
  show(stored());
}

export function nextTheme(): void {
  const value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'auto';
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is switched off: the choice lasts until the page is closed.
  }
  show(value);
}
