import { useEffect } from 'preact/hooks';
import type { Message } from '../api/types';
import { useKeys } from '../state/keys';
import { useMedia } from '../state/media';
import type { Browse } from '../state/messages';
import { go, param, setParams, withParams } from '../state/route';
import { bytes, count } from './format';
import { Link } from './link';
import { Reason } from './reason';
import { Failure, Skeleton } from './states';
import { Table, type Column } from './table';
import { Ago, Name, Text } from './text';

/** What is chosen: single messages, or all that were in the queue when the list was read. */
export interface Selection {
  seqs: Set<number>;
  all: boolean;
}

export const nothingSelected: Selection = { seqs: new Set(), all: false };

interface ListProps {
  label: string;
  browse: Browse;
  /** The messages to show; those of `browse` that pass the page's filter. */
  items: Message[];
  /** Dead letters show how they died, other messages how they were published. */
  dead: boolean;
  selection?: Selection;
  onSelect?: (selection: Selection) => void;
  /** Beside an open message the list has room for less. */
  compact: boolean;
}

export const openSeq = (): number | null => {
  const seq = Number(param('sel'));
  return Number.isSafeInteger(seq) && seq > 0 ? seq : null;
};

/** The first line of a body, for recognising a message in a list. */
function preview(message: Message): string {
  if (message.payload_encoding === 'base64') return `${bytes(message.payload_bytes)} of bytes`;
  return message.payload.slice(0, 200).replace(/\s+/g, ' ');
}

function columns({ dead, selection, onSelect, items }: ListProps, narrow: boolean): Column<Message>[] {
  const list: (Column<Message> | false)[] = [
    selection !== undefined && {
      id: 'select',
      head: <SelectPage items={items} selection={selection} onSelect={onSelect} />,
      width: '2.75rem',
      class: 'check-cell',
      cell: (message) => (
        <label class="check-target">
          <input
            type="checkbox"
            aria-label={`Select message ${message.seq}`}
            checked={selection.all || selection.seqs.has(message.seq)}
            onChange={() => onSelect?.(toggled(selection, message.seq, items))}
          />
        </label>
      ),
    },
    {
      id: 'seq',
      head: 'Seq',
      numeric: true,
      width: narrow ? '4rem' : '5rem',
      cell: (message) => <Open message={message} />,
    },
    !narrow &&
      (dead
        ? { id: 'died', head: 'Died', width: '8rem', cell: (message) => <Ago ms={message.published_at} /> }
        : { id: 'published', head: 'Enqueued', width: '8rem', cell: (message) => <Ago ms={message.published_at} /> }),
    dead &&
      !narrow && { id: 'reason', head: 'Reason', width: '9.5rem', cell: (message) => <Cause message={message} /> },
    dead &&
      !narrow && {
        id: 'origin',
        head: 'Original queue',
        width: '10rem',
        class: 'p1',
        cell: (message) => (message.death ? <Name value={message.death.queue} /> : null),
      },
    dead &&
      !narrow && {
        id: 'deaths',
        head: 'Deaths',
        numeric: true,
        width: '5rem',
        class: 'p2',
        cell: (message) => count(message.death?.total_count ?? message.death?.count ?? 0),
      },
    !dead &&
      !narrow && {
        id: 'key',
        head: 'Routing key',
        width: '11rem',
        class: 'p1',
        cell: (message) => <Name value={message.routing_key} />,
      },
    {
      id: 'text',
      head: dead ? 'Error' : 'Body',
      class: 'main-cell',
      cell: (message) =>
        narrow ? <TwoLines message={message} dead={dead} /> : <Words message={message} dead={dead} />,
    },
    !narrow && {
      id: 'size',
      head: 'Size',
      numeric: true,
      width: '5.5rem',
      class: 'p2',
      cell: (message) => bytes(message.payload_bytes),
    },
    !dead &&
      !narrow && {
        id: 'state',
        head: 'State',
        width: '7rem',
        class: 'p2',
        cell: (message) => <State message={message} />,
      },
  ];
  return list.filter((column) => column !== false);
}

function Cause({ message }: { message: Message }) {
  return <Reason reason={message.death?.reason ?? ''} />;
}

function State({ message }: { message: Message }) {
  if (message.state === 'unacked') return <span class="tone-warn">unacked</span>;
  return <span class="muted">{message.redelivered ? 'redelivered' : 'ready'}</span>;
}

/** The error of a dead letter; else the beginning of the body. */
function Words({ message, dead }: { message: Message; dead: boolean }) {
  const error = dead ? message.error : null;
  return (
    <span class={`one-line ${dead && !error ? 'muted' : ''}`}>
      {message.payload_bytes || error ? <Text value={error ?? preview(message)} /> : <span class="muted">empty</span>}
    </span>
  );
}

/** Where a list is narrow: time and cause above, words below. */
function TwoLines({ message, dead }: { message: Message; dead: boolean }) {
  return (
    <>
      <span class="first-line">
        {dead ? <Cause message={message} /> : <State message={message} />}
        <span class="muted">
          <Ago ms={message.published_at} />
        </span>
        {dead && message.death ? (
          <span class="muted one-line">
            <Name value={message.death.queue} />
          </span>
        ) : null}
      </span>
      <Words message={message} dead={dead} />
    </>
  );
}

function Open({ message }: { message: Message }) {
  const current = openSeq() === message.seq;
  return (
    <Link
      to={withParams({ sel: message.seq })}
      replace={openSeq() !== null}
      class="row-link seq-link"
      aria-current={current ? 'true' : undefined}
      aria-label={`Open message ${message.seq}`}
    >
      {message.seq}
    </Link>
  );
}

function toggled(selection: Selection, seq: number, items: Message[]): Selection {
  // From "all" it becomes the shown ones without this one: what is chosen must be what is seen.
  const seqs = new Set(selection.all ? items.map((message) => message.seq) : selection.seqs);
  if (!seqs.delete(seq)) seqs.add(seq);
  return { seqs, all: false };
}

function SelectPage({
  items,
  selection,
  onSelect,
}: {
  items: Message[];
  selection: Selection;
  onSelect: ListProps['onSelect'];
}) {
  const every = items.length > 0 && items.every((message) => selection.seqs.has(message.seq));
  const some = !every && items.some((message) => selection.seqs.has(message.seq));
  return (
    <label class="check-target">
      <input
        type="checkbox"
        aria-label="Select all shown messages"
        checked={every || selection.all}
        ref={(input) => {
          if (input) input.indeterminate = some && !selection.all;
        }}
        onChange={() =>
          onSelect?.(
            every || selection.all
              ? nothingSelected
              : { seqs: new Set(items.map((message) => message.seq)), all: false },
          )
        }
      />
    </label>
  );
}

/** Moves the focus (and an open message) `by` rows. */
export function step(items: Message[], by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('.seq-link')];
  const open = openSeq();
  if (open !== null) {
    const at = items.findIndex((message) => message.seq === open);
    const next = items[at + by];
    if (!next) return;
    setParams({ sel: next.seq });
    links.find((link) => Number(link.textContent) === next.seq)?.scrollIntoView({ block: 'nearest' });
    return;
  }
  const row = document.activeElement?.closest('tr');
  const at = links.findIndex((link) => row?.contains(link));
  const link = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  link?.focus();
  link?.scrollIntoView({ block: 'nearest' });
}

/** The message under the keyboard: the open one, or the one whose row has the focus. */
export function currentSeq(): number | null {
  const link = document.activeElement?.closest('tr')?.querySelector('.seq-link');
  return link ? Number(link.textContent) : openSeq();
}

/** Messages of a queue, page by page, without consuming any. */
export function MessageList(props: ListProps) {
  const { label, browse, items, selection, onSelect, compact } = props;
  const small = useMedia('(max-width: 640px)');
  const narrow = small || compact;
  const open = openSeq();
  useKeys({
    j: () => step(items, 1),
    k: () => step(items, -1),
    Escape: () => {
      if (openSeq() !== null) closeMessage();
      else onSelect?.(nothingSelected);
    },
    ' ': (event) => {
      const seq = currentSeq();
      // On a checkbox or button, Space is theirs.
      if (seq === null || (event.target as Element).closest('input, button, summary')) return;
      event.preventDefault();
      if (openSeq() === seq) closeMessage();
      else setParams({ sel: seq }, {});
    },
    x: () => {
      const seq = currentSeq();
      if (seq !== null && selection) onSelect?.(toggled(selection, seq, items));
    },
    a: () => onSelect?.({ seqs: new Set(items.map((message) => message.seq)), all: false }),
  });

  if (browse.error && !browse.loaded) return <Failure error={browse.error} retry={browse.reload} />;
  if (!browse.loaded) return <Skeleton rows={10} />;
  return (
    <>
      {browse.error ? <Failure error={browse.error} retry={browse.reload} /> : null}
      {items.length > 0 ? (
        <Table
          label={label}
          columns={columns(props, narrow)}
          rows={items}
          rowKey={(message) => String(message.seq)}
          rowClass={(message) =>
            `${message.seq === open ? 'open' : ''} ${selection && (selection.all || selection.seqs.has(message.seq)) ? 'selected' : ''}`
          }
          rowHeight={narrow ? 52 : 36}
          onRow={(message) => go(withParams({ sel: message.seq }), { replace: open !== null })}
        />
      ) : null}
      {browse.next !== null ? (
        <div class="more">
          <button type="button" class="button" disabled={browse.loading} onClick={browse.more}>
            Load more
          </button>
          <span class="muted">
            {count(browse.items.length)} of {count(browse.ready)} read
          </span>
        </div>
      ) : null}
    </>
  );
}

/** Closes the open message and gives the focus back to its row. */
export function closeMessage(): void {
  const seq = openSeq();
  setParams({ sel: null });
  requestAnimationFrame(() => {
    const links = [...document.querySelectorAll<HTMLAnchorElement>('.seq-link')];
    links.find((link) => Number(link.textContent) === seq)?.focus({ preventScroll: true });
  });
}

/** Loads further pages by itself until `items` fill a screen, when a filter lets only few through. */
export function useEnough(browse: Browse, shown: number, filtered: boolean): void {
  useEffect(() => {
    if (
      filtered &&
      shown < 50 &&
      browse.next !== null &&
      !browse.loading &&
      !browse.error &&
      browse.items.length < 5000
    )
      browse.more();
  }, [filtered, shown, browse.items.length, browse.loading]);
}
