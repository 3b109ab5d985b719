import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { pageSize } from '../api/list';
import type { ListState } from '../state/list';
import { useKeys } from '../state/keys';
import { setParams } from '../state/route';
import { count } from './format';
import { Icon } from './icons';
import { Failure, Empty, Skeleton } from './states';
import { Table, type Column } from './table';

interface ListProps<T> {
  /** Of the table: "Queues". */
  label: string;
  /** Of one and of several: ["queue", "queues"]. */
  words: [string, string];
  list: ListState<T>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  rowHeight?: number;
  onRow?: (row: T) => void;
  /** More filters and what else stands beside the search. */
  tools?: ComponentChildren;
  /** True when one of those filters leaves something out. */
  isFiltered?: boolean;
  /** Parameters of the address that those filters are kept in. */
  filterParams?: string[];
  /** Shown when there is none at all. */
  empty: ComponentChildren;
}

/** A list of the server: its filter, its page as a table, and the way to the other pages. */
export function List<T>(props: ListProps<T>) {
  const { label, words, list, columns, rowKey, rowHeight, onRow, tools, isFiltered = false } = props;
  const { page, error, filter } = list;
  const clear = () =>
    setParams({
      q: null,
      re: null,
      page: null,
      ...Object.fromEntries((props.filterParams ?? []).map((n) => [n, null])),
    });
  const all = page?.total_count ?? 0;
  const shown = page?.filtered_count ?? 0;
  const isOpen = !filter && !isFiltered;
  return (
    <>
      <div class="toolbar">
        <Search list={list} words={words} />
        {tools}
        <span class="spacer" />
        {page ? (
          <span class="muted">
            {shown === all ? count(all) : `${count(shown)} of ${count(all)}`} {all === 1 ? words[0] : words[1]}
          </span>
        ) : null}
      </div>
      {error && (error.status === 400 || !page) ? (
        <Failure error={error} retry={list.reload} />
      ) : !page ? (
        <Skeleton rows={10} />
      ) : all === 0 && isOpen ? (
        props.empty
      ) : shown === 0 ? (
        <Empty title={`0 of ${count(all)} ${all === 1 ? words[0] : words[1]} match`}>
          <button type="button" class="button" onClick={clear}>
            Clear the filter
          </button>
        </Empty>
      ) : (
        <>
          <Table
            label={label}
            columns={columns}
            rows={page.items}
            rowKey={rowKey}
            sort={list.sort}
            onSort={list.onSort}
            {...(rowHeight ? { rowHeight } : {})}
            {...(onRow ? { onRow } : {})}
          />
          <Pager list={list} words={words} />
        </>
      )}
    </>
  );
}

function Search<T>({ list, words }: { list: ListState<T>; words: [string, string] }) {
  const search = useRef<HTMLInputElement>(null);
  const page = list.page?.page ?? 1;
  const turn = (to: number) => setParams({ page: to > 1 && to }, { replace: false });
  useKeys({
    '/': (event) => {
      event.preventDefault();
      search.current?.focus();
    },
    '[': () => page > 1 && turn(page - 1),
    ']': () => page < (list.page?.page_count ?? 1) && turn(page + 1),
    j: () => stepRow(1),
    k: () => stepRow(-1),
  });
  return (
    <>
      <div class="search">
        <Icon name="search" />
        <input
          ref={search}
          type="search"
          class="input"
          placeholder="Filter by name"
          aria-label={`Filter ${words[1]} by name`}
          aria-keyshortcuts="/"
          value={list.filter}
          spellcheck={false}
          onInput={(event) => setParams({ q: event.currentTarget.value, page: null })}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              setParams({ q: null, page: null });
              event.currentTarget.blur();
            }
          }}
        />
      </div>
      <label class="check" title="A regular expression, such as ^emails\.">
        <input
          type="checkbox"
          checked={list.isPattern}
          onChange={(event) => setParams({ re: event.currentTarget.checked && '1', page: null })}
        />
        Pattern
      </label>
    </>
  );
}

/** Moves the focus from the link of one row to that of another. */
function stepRow(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('main tbody .row-link')];
  const at = links.findIndex(
    (link) => link === document.activeElement || link.closest('tr')?.contains(document.activeElement),
  );
  links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

function Pager<T>({ list, words }: { list: ListState<T>; words: [string, string] }) {
  const { page } = list;
  if (!page || page.page_count <= 1) return null;
  const first = (page.page - 1) * pageSize;
  const turn = (to: number) => {
    setParams({ page: to > 1 && to }, { replace: false });
    scrollTo(0, 0);
  };
  return (
    <nav class="pager" aria-label={`Pages of ${words[1]}`}>
      <button type="button" class="button" disabled={page.page <= 1} onClick={() => turn(page.page - 1)}>
        Previous
      </button>
      <span class="muted">
        {count(first + 1)} to {count(first + page.items.length)} of {count(page.filtered_count)}
      </span>
      <button type="button" class="button" disabled={page.page >= page.page_count} onClick={() => turn(page.page + 1)}>
        Next
      </button>
      {page.page_count > 2 ? (
        <label class="pager-go">
          Page
          <input
            class="input"
            inputMode="numeric"
            aria-label={`Page, 1 to ${page.page_count}`}
            value={page.page}
            onChange={(event) => {
              const to = Math.trunc(Number(event.currentTarget.value));
              if (to >= 1 && to <= page.page_count) turn(to);
              else event.currentTarget.value = String(page.page);
            }}
          />
          of {count(page.page_count)}
        </label>
      ) : null}
    </nav>
  );
}
