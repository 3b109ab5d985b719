import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { visible } from './visible';

interface PageProps {
  /** The heading; hostile characters are already text here. */
  title: ComponentChildren;
  /** What the browser's tab says before the product's name. */
  tab: string;
  /** Stands before the heading: the way back. */
  above?: ComponentChildren;
  /** Stands beside the heading. */
  beside?: ComponentChildren;
  children: ComponentChildren;
}

/** The heading and content of a page. */
export function Page({ title, tab, above, beside, children }: PageProps) {
  useEffect(() => {
    document.title = `${visible(tab)} · Leveret`;
  }, [tab]);
  return (
    <>
      <div class="page-head">
        {above}
        <div class="page-title">
          <h1>{title}</h1>
          {beside}
        </div>
      </div>
      {children}
    </>
  );
}
