import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Sort } from '../state/route';

export interface Column<T> {
  id: string;
  head: ComponentChildren;
  cell: (row: T) => ComponentChildren;
  /** Ascending order; a column without it cannot be sorted by, unless the server does it. */
  compare?: (a: T, b: T) => number;
  /** Where the server finds what it sorts by, such as `messages_ready`: the rows come in that order. */
  sortPath?: string;
  numeric?: boolean;
  /** CSS width; the columns without one share the rest. */
  width?: string;
  /** `p2`, `p3`: leaves the table as it gets narrow. */
  class?: string;
}

interface TableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  rowClass?: (row: T) => string;
  onRow?: (row: T, event: MouseEvent) => void;
  /** Height of a row in px; all rows have it, so that only those in sight need be drawn. */
  rowHeight?: number;
}

/** Tables up to this length are drawn whole. */
const wholeMax = 120;
const overscan = 12;

/** The rows of a long table that are in sight, by the scrolling of the page. */
function useSight(body: RefObject<HTMLTableSectionElement>, rows: number, rowHeight: number): [number, number] {
  const [sight, setSight] = useState<[number, number]>([0, wholeMax]);
  useEffect(() => {
    if (rows <= wholeMax) return;
    let frame = 0;
    const look = () => {
      frame = 0;
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - overscan);
      const last = Math.ceil((innerHeight - top) / rowHeight) + overscan;
      setSight((old) => (old[0] === first && old[1] === last ? old : [first, last]));
    };
    const later = () => (frame ||= requestAnimationFrame(look));
    look();
    // Capturing, so that a scrolling ancestor counts as well as the page.
    addEventListener('scroll', later, { passive: true, capture: true });
    addEventListener('resize', later);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', later, { capture: true });
      removeEventListener('resize', later);
    };
  }, [rows > wholeMax, rowHeight]);
  return rows <= wholeMax ? [0, rows] : [Math.min(sight[0], rows), Math.min(sight[1], rows)];
}

function ordered<T>(rows: T[], columns: Column<T>[], sort: Sort | undefined, rowKey: (row: T) => string): T[] {
  const compare = columns.find((column) => column.id === sort?.column)?.compare;
  if (!compare) return rows;
  const sign = sort?.descending ? -1 : 1;
  // Equal rows keep a fixed order by key, so that a live table does not flicker.
  return [...rows].sort((a, b) => sign * compare(a, b) || (rowKey(a) < rowKey(b) ? -1 : 1));
}

/** The present order applied to new rows: gone rows leave, new ones come last. */
function inOrderOf<T>(before: string[], rows: T[], rowKey: (row: T) => string): T[] {
  const byKey = new Map(rows.map((row) => [rowKey(row), row]));
  const kept: T[] = [];
  for (const key of before) {
    const row = byKey.get(key);
    if (row === undefined) continue;
    kept.push(row);
    byKey.delete(key);
  }
  return [...kept, ...byKey.values()];
}

/** A real table: sortable heads, thousands of rows, and no row jumps away from under pointer or focus. */
export function Table<T>({
  label,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  rowClass,
  onRow,
  rowHeight = 36,
}: TableProps<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [held, setHeld] = useState(false);
  const order = useRef<{ sort: string; keys: string[] }>({ sort: '', keys: [] });
  const sortText = `${sort?.column} ${sort?.descending}`;

  const shown = useMemo(() => {
    const hold = held && order.current.sort === sortText;
    const result = hold ? inOrderOf(order.current.keys, rows, rowKey) : ordered(rows, columns, sort, rowKey);
    order.current = { sort: sortText, keys: result.map(rowKey) };
    return result;
  }, [rows, sortText, held]);

  const [first, last] = useSight(body, shown.length, rowHeight);
  const whole = shown.length <= wholeMax;

  const head = (column: Column<T>) => {
    if (!isSortable(column) || !onSort) return column.head;
    const active = sort?.column === column.id;
    const next: Sort = { column: column.id, descending: active ? !sort.descending : column.numeric === true };
    return (
      <button type="button" class={`sort ${active ? 'sorted' : ''}`} onClick={() => onSort(next)}>
        {column.head}
        <span class="sort-mark" aria-hidden="true">
          {active ? (sort.descending ? '↓' : '↑') : ''}
        </span>
      </button>
    );
  };
  const ariaSort = (column: Column<T>) =>
    isSortable(column) && sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : undefined;
  const cellClass = (column: Column<T>) => `${column.numeric ? 'num' : ''} ${column.class ?? ''}`;
  const gap = (height: number) =>
    height > 0 ? (
      <tr class="gap" aria-hidden="true">
        <td colSpan={columns.length} style={{ height: `${height}px` }} />
      </tr>
    ) : null;

  return (
    <table class="table" aria-label={label} aria-rowcount={whole ? undefined : shown.length + 1}>
      <colgroup>
        {columns.map((column) => (
          <col key={column.id} class={column.class} style={column.width ? { width: column.width } : undefined} />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={whole ? undefined : 1}>
          {columns.map((column) => (
            <th key={column.id} scope="col" class={cellClass(column)} aria-sort={ariaSort(column)}>
              {head(column)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody
        ref={body}
        onPointerEnter={(event) => event.pointerType === 'mouse' && setHeld(true)}
        onPointerLeave={(event) => event.pointerType === 'mouse' && setHeld(false)}
        onFocusIn={() => setHeld(true)}
        onFocusOut={() => setHeld(false)}
      >
        {gap(first * rowHeight)}
        {shown.slice(first, last).map((row, i) => (
          <tr
            key={rowKey(row)}
            class={rowClass?.(row)}
            style={{ height: `${rowHeight}px` }}
            aria-rowindex={whole ? undefined : first + i + 2}
            onClick={onRow ? (event) => isPlain(event) && onRow(row, event) : undefined}
          >
            {columns.map((column) => (
              <td key={column.id} class={cellClass(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
        {gap((shown.length - last) * rowHeight)}
      </tbody>
    </table>
  );
}

const isSortable = <T,>(column: Column<T>): boolean => column.compare !== undefined || column.sortPath !== undefined;

/** A click on the row itself: not on a control inside it, and not the end of selecting text. */
function isPlain(event: MouseEvent): boolean {
  const target = event.target as Element;
  return !target.closest('a, button, input, label') && !getSelection()?.toString();
}

export const byText =
  <T,>(text: (row: T) => string) =>
  (a: T, b: T): number =>
    collator.compare(text(a), text(b));
export const byNumber =
  <T,>(number: (row: T) => number) =>
  (a: T, b: T): number =>
    number(a) - number(b);

const collator = new Intl.Collator('en', { numeric: true });
