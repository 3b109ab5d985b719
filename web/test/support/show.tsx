import type { ComponentChild } from 'preact';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach } from 'vitest';

let root: HTMLElement | null = null;

/** Renders into the page and returns the element around it. */
export async function show(content: ComponentChild): Promise<HTMLElement> {
  root = document.createElement('div');
  document.body.append(root);
  const into = root;
  await act(() => render(content, into));
  return into;
}

afterEach(() => {
  if (root) {
    render(null, root);
    root.remove();
    root = null;
  }
});
