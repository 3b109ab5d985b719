import type { ComponentChildren } from 'preact';
import { go } from '../state/route';

interface LinkProps {
  to: string;
  children: ComponentChildren;
  class?: string;
  replace?: boolean;
  'aria-current'?: 'page' | 'true' | undefined;
  'aria-label'?: string;
  title?: string;
}

/** A real link that stays in the page; with a modifier or middle click the browser does what it always does. */
export function Link({ to, replace, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to, { replace: replace ?? false });
  };
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
