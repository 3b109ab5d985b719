import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Message } from '../api/types';
import { hexLines, isBinary, payloadBytes } from './bytes';
import { bytes as size, count } from './format';
import { Icon } from './icons';
import { readJson } from './json';
import { JsonTree } from './json_tree';
import { save } from './save';
import { Text } from './text';

type View = 'pretty' | 'raw' | 'hex';

/** Text beyond this many characters, and bytes beyond this many, are shown on demand. */
const textMax = 100_000;
const hexStep = 4096;

interface BodyProps {
  message: Message;
  /** Fetches the whole body of a message that was shown in part. */
  loadWhole?: () => void;
}

/** A message's body: JSON as a tree, text as text, bytes as bytes. Never markup. */
export function Body({ message, loadWhole }: BodyProps) {
  const { payload, payload_encoding: encoding } = message;
  const isText = encoding === 'string';
  const tree = useMemo(
    () => (isText && /^\s*[[{"\d\-tfn]/.test(payload) ? readJson(payload) : null),
    [payload, isText],
  );
  const structured = tree !== null && (tree.kind === 'object' || tree.kind === 'array');
  const first: View = structured ? 'pretty' : isText && !isBinary(payload) ? 'raw' : 'hex';
  const [view, setView] = useState<View>(first);
  useEffect(() => setView(first), [message.seq, first]);

  const views: [View, string][] = [
    ...(structured ? ([['pretty', 'JSON']] as [View, string][]) : []),
    ...(isText ? ([['raw', 'Text']] as [View, string][]) : []),
    ['hex', 'Bytes'],
  ];
  return (
    <section class="section" aria-label="Body">
      <div class="section-head">
        <h3>Body</h3>
        <span class="muted">{size(message.payload_bytes)}</span>
        <div class="segments" role="group" aria-label="Show the body as">
          {views.map(([id, label]) => (
            <button key={id} type="button" aria-pressed={view === id} onClick={() => setView(id)}>
              {label}
            </button>
          ))}
        </div>
        <button
          type="button"
          class="icon-button"
          aria-label="Download the body"
          title="Download the body"
          onClick={() => download(message)}
        >
          <Icon name="download" />
        </button>
      </div>
      {message.payload_bytes === 0 ? (
        <p class="muted">The body is empty.</p>
      ) : view === 'pretty' && structured ? (
        <div class="code" tabIndex={0} role="region" aria-label="Body as JSON">
          <JsonTree node={tree} />
        </div>
      ) : view === 'hex' || !isText ? (
        <Hex message={message} />
      ) : (
        <LongText text={payload} />
      )}
      {message.truncated ? (
        <p class="note">
          Only the first part of {size(message.payload_bytes)} is shown.{' '}
          {loadWhole ? (
            <button type="button" class="link-button" onClick={loadWhole}>
              Load the rest
            </button>
          ) : null}
        </p>
      ) : null}
    </section>
  );
}

function LongText({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > textMax;
  return (
    <>
      <pre class="code" tabIndex={0} role="region" aria-label="Body as text">
        <Text value={cut ? text.slice(0, textMax) : text} />
      </pre>
      {cut ? (
        <button type="button" class="link-button" onClick={() => setWhole(true)}>
          Show the other {count(text.length - textMax)} characters
        </button>
      ) : null}
    </>
  );
}

function Hex({ message }: { message: Message }) {
  const [limit, setLimit] = useState(hexStep);
  const content = useMemo(() => payloadBytes(message.payload, message.payload_encoding), [message]);
  const lines = hexLines(content, limit);
  return (
    <>
      <pre class="code hex" tabIndex={0} role="region" aria-label="Body as bytes">
        {lines.map(({ offset, hex, ascii }) => (
          <div key={offset} class="hex-line">
            <span class="hex-offset">{offset}</span>
            <span class="hex-bytes">{hex}</span>
            <span class="hex-ascii">{ascii}</span>
          </div>
        ))}
      </pre>
      {limit < content.length ? (
        <button type="button" class="link-button" onClick={() => setLimit(limit + hexStep * 4)}>
          Show more of {count(content.length)} bytes
        </button>
      ) : null}
    </>
  );
}

function download(message: Message): void {
  save(payloadBytes(message.payload, message.payload_encoding), `message-${message.seq}.bin`);
}
