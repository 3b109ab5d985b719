import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { JsonObject, Message } from '../api/types';
import { notify } from '../state/notices';
import { asApiError, useResource } from '../state/resource';
import { Body } from './body';
import { bytes, count, ordinal, plural } from './format';
import { Icon } from './icons';
import { Reason } from './reason';
import { Failure, Skeleton } from './states';
import { Ago, Name, Text } from './text';
import { timeline, type Step } from './timeline';
import { Values } from './values';

/** Bytes of a body that are fetched at first; the rest on demand. */
const bodyFirst = 256 * 1024;

interface PanelProps {
  vhost: string;
  queue: string;
  seq: number;
  onClose: () => void;
  onStep: (by: 1 | -1) => void;
  /** Buttons that act on this message. */
  actions?: (message: Message) => ComponentChildren;
}

/** Everything about one message, beside the list it was chosen from. Looking at it changes nothing. */
export function MessagePanel({ vhost, queue, seq, onClose, onStep, actions }: PanelProps) {
  const { data, error, reload } = useResource(`message ${vhost} ${queue} ${seq}`, async (signal) => {
    const page = await calls.messages(vhost, queue, { after: seq - 1, limit: 1, truncate: bodyFirst }, signal);
    const found = page.items[0];
    return { message: found?.seq === seq ? found : null };
  });
  const [whole, setWhole] = useState<Message | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => setWhole(null), [seq, queue, vhost]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const message = whole ?? data?.message ?? null;
  const loadWhole = () => {
    calls
      .message(vhost, queue, seq)
      .then(setWhole, (failure: unknown) => notify('danger', asApiError(failure).message));
  };
  return (
    <aside class="panel" aria-label={`Message ${seq}`}>
      <header class="panel-head">
        <h2 ref={heading} tabIndex={-1}>
          Message <span class="num">{seq}</span>
        </h2>
        <button
          type="button"
          class="icon-button"
          aria-label="Previous message"
          title="Previous (k)"
          onClick={() => onStep(-1)}
        >
          <span aria-hidden="true">↑</span>
        </button>
        <button type="button" class="icon-button" aria-label="Next message" title="Next (j)" onClick={() => onStep(1)}>
          <span aria-hidden="true">↓</span>
        </button>
        <button type="button" class="icon-button" aria-label="Close message" title="Close (Esc)" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="panel-body">
        {error ? (
          <Failure error={error} retry={reload} />
        ) : !data ? (
          <Skeleton rows={8} />
        ) : !message ? (
          <p class="note">Message {seq} is no longer in this queue: it was consumed, replayed or removed.</p>
        ) : (
          <Detail message={message} queue={queue} loadWhole={loadWhole} actions={actions?.(message)} />
        )}
      </div>
    </aside>
  );
}

interface DetailProps {
  message: Message;
  queue: string;
  loadWhole: () => void;
  actions: ComponentChildren;
}

function Detail({ message, queue, loadWhole, actions }: DetailProps) {
  const { headers = {}, ...properties } = message.properties;
  const id = properties['message_id'];
  return (
    <>
      {message.death ? (
        <p class="lead">
          <Reason reason={message.death.reason} /> in <Name value={message.death.queue} class="strong" />
          <span class="muted"> · {plural(message.death.total_count ?? message.death.count, 'death')}</span>
        </p>
      ) : null}
      {message.error ? (
        <pre class="error-text">
          <Text value={message.error} />
        </pre>
      ) : null}
      {actions ? <div class="panel-actions">{actions}</div> : null}
      <Body message={message} loadWhole={loadWhole} />
      <section class="section" aria-label="Timeline">
        <div class="section-head">
          <h3>Timeline</h3>
          <span class="muted">newest first</span>
        </div>
        <ol class="timeline">
          {timeline(message, queue).map((step, i) => (
            <li key={i} class={`step step-${step.kind}`}>
              <StepText step={step} message={message} />
            </li>
          ))}
        </ol>
      </section>
      <section class="section" aria-label="Properties">
        <div class="section-head">
          <h3>Properties</h3>
        </div>
        <Values
          label="Properties"
          empty="none"
          values={{
            exchange: message.exchange || '(default)',
            routing_key: message.routing_key,
            ...(properties as JsonObject),
          }}
        />
        <p class="muted small">
          {bytes(message.payload_bytes)} body · position {count(message.seq)}
          {message.redelivered ? ' · redelivered' : ''}
          {message.delivery_count ? ` · ${plural(message.delivery_count, 'failed attempt')}` : ''}
          {message.state === 'unacked' ? ' · held by a consumer' : ''}
          {typeof id === 'string' ? null : ' · no message id'}
        </p>
      </section>
      <section class="section" aria-label="Headers">
        <div class="section-head">
          <h3>Headers</h3>
        </div>
        <Values label="Headers" empty="No headers" values={headers} />
      </section>
    </>
  );
}

function StepText({ step, message }: { step: Step; message: Message }) {
  switch (step.kind) {
    case 'here':
      return (
        <>
          <p>
            In <Name value={step.queue ?? ''} class="strong" />
            {message.state === 'unacked' ? ', held by a consumer' : ''}
          </p>
          <p class="muted small">
            since <Ago ms={step.time} />
          </p>
        </>
      );
    case 'death':
      return (
        <>
          <p>
            <Reason reason={step.reason ?? ''} /> in <Name value={step.queue ?? ''} class="strong" />
            {(step.count ?? 1) > 1 ? <span class="strong"> × {count(step.count ?? 1)}</span> : null}
          </p>
          <p class="muted small">
            {(step.count ?? 1) > 1 ? 'first ' : ''}
            <Ago ms={step.time} />
            {step.originalExpiration ? ` · had expiration ${step.originalExpiration} ms` : ''}
          </p>
        </>
      );
    case 'replayed':
      return (
        <>
          <p>
            Replayed by <Name value={step.actor ?? ''} class="strong" />
            {step.operation === undefined ? '' : ` (operation ${step.operation})`}
            {(step.count ?? 1) > 1 ? `, the ${ordinal(step.count ?? 1)} time` : ''}
          </p>
          <p class="muted small">
            <Ago ms={step.time} />
          </p>
        </>
      );
    case 'published':
      return (
        <>
          <p>
            Published to {step.exchange ? <Name value={step.exchange} class="strong" /> : 'the default exchange'} with
            key{' '}
            {(step.routingKeys ?? []).map((key, i) => (
              <span key={i}>
                {i ? ', ' : ''}
                <Name value={key} class="strong" />
              </span>
            ))}
          </p>
          <p class="muted small">
            <Ago ms={step.time} />
          </p>
        </>
      );
  }
}
