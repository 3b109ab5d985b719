import { signal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/client';
import { Failure, Skeleton } from './states';

/** Loads the page again, with everything that belongs to it, as soon as there is somebody who gives it. */
function reload(): void {
  fetch(location.pathname, { method: 'HEAD' }).then(
    () => location.reload(),
    () => undefined,
  );
}

function NotLoaded() {
  const error = new ApiError(
    0,
    'part',
    'A part of the dashboard did not come. Perhaps the broker is not to be reached, or is another version by now.',
  );
  return <Failure error={error} retry={reload} />;
}

/**
 * Components of a part of the script that is loaded when the first of them is shown. A part that did not come is
 * asked for again when one is shown again; a browser may answer that from what it remembers, a new page never.
 */
export function later<Part>(load: () => Promise<Part>) {
  const part = signal<Part | null>(null);
  const isLost = signal(false);
  const get = () => {
    if (part.peek()) return;
    isLost.value = false;
    load().then(
      (loaded) => (part.value = loaded),
      () => (isLost.value = true),
    );
  };
  return <Props extends object>(
    pick: (part: Part) => ComponentType<Props>,
    wait: () => JSX.Element = () => <Skeleton rows={8} />,
  ): ComponentType<Props> =>
    function Later(props: Props) {
      useEffect(get, []);
      if (isLost.value) return <NotLoaded />;
      if (!part.value) return wait();
      const Component = pick(part.value);
      return <Component {...props} />;
    };
}
