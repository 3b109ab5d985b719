import { useLayoutEffect, useRef } from 'preact/hooks';

/** What single keys do on a page: `j`, `Enter`, `g q` (two keys in turn). */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Where typing means text, and dialogs, which have the keyboard to themselves. */
function isBusy(target: EventTarget | null): boolean {
  return (
    (target instanceof HTMLElement &&
      target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]') !== null) ||
    document.querySelector('dialog[open]') !== null
  );
}

const chordMs = 1000;
let present = { key: '', at: 0 };
let before = present;

/** Listens for keys while the component lives. Keys with Ctrl, Alt or Meta stay the browser's. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  // Before the page is painted: what can be seen can be used.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target)) return;
      const chord = event.timeStamp - before.at < chordMs ? `${before.key} ${event.key}` : '';
      const action = latest.current[chord] ?? latest.current[event.key];
      if (action) action(event);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

/** Remembers the key before, for chords: ahead of every other listener, however fast keys follow. Called once. */
export function startKeys(): void {
  const remember = ({ key, timeStamp: at }: KeyboardEvent) => {
    before = present;
    present = { key, at };
  };
  addEventListener('keydown', remember, { capture: true });
}
