import type { ComponentChildren } from 'preact';

/** One line of a list of facts. */
export function Fact({ label, tone = '', children }: { label: string; tone?: string; children: ComponentChildren }) {
  return (
    <div class={`fact ${tone}`}>
      <dt>{label}</dt>
      <dd class={children === '0' || children === 'none' ? 'zero' : ''}>{children}</dd>
    </div>
  );
}
