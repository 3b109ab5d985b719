import { now } from '../state/clock';
import { ago, when } from './format';
import { pieces } from './visible';

/** Text of others (names, keys, bodies): always text nodes, hidden characters as marks. */
export function Text({ value }: { value: string }) {
  const parts = pieces(value);
  if (parts.length === 0) return <span class="muted">(empty)</span>;
  return (
    <>
      {parts.map((part, i) =>
        typeof part === 'string' ? (
          part
        ) : (
          <span key={i} class="mark">
            {part.mark}
          </span>
        ),
      )}
    </>
  );
}

/** A name in running text or a cell; kept from reordering its surroundings. */
export function Name({ value, class: extra = '' }: { value: string; class?: string }) {
  return (
    <bdi class={`name ${extra}`} title={value.length > 24 ? value : undefined}>
      <Text value={value} />
    </bdi>
  );
}

/** A relative time that tells the exact one on hover. `ms` since the epoch. */
export function Ago({ ms }: { ms: number | null }) {
  if (ms === null || !Number.isFinite(ms)) return <span class="muted">time not recorded</span>;
  const iso = Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined;
  return (
    <time dateTime={iso} title={`${when(ms)}${iso ? `\n${iso}` : ''}`}>
      {ago(ms, now.value)}
    </time>
  );
}
