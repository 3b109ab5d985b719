import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Json, JsonObject } from '../api/types';
import { notify } from '../state/notices';
import { FormDialog } from '../ui/dialog';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

/** Headers typed as a JSON object; throws what is wrong with them. */
export function parseHeaders(text: string): JsonObject {
  if (!text.trim()) return {};
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`Headers are not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error('Headers must be a JSON object, such as {"tenant": "acme"}.');
  return value;
}

/** Publishes one message straight to a queue, through the default exchange. */
export function Publish({ vhost, queue, onClose }: { vhost: string; queue: string; onClose: () => void }) {
  const [payload, setPayload] = useState('');
  const [type, setType] = useState('application/json');
  const [headers, setHeaders] = useState('');
  const [persistent, setPersistent] = useState(true);
  const publish = async () => {
    const properties: JsonObject = {
      delivery_mode: persistent ? 2 : 1,
      headers: parseHeaders(headers),
      ...(type ? { content_type: type } : {}),
    };
    const { routed } = await calls.publish(vhost, 'amq.default', {
      properties,
      routing_key: queue,
      payload,
      payload_encoding: 'string',
    });
    if (!routed) throw new Error('The message reached no queue: this one is gone.');
    notify('ok', `Published 1 message to ${visible(queue)}`);
    onClose();
  };
  return (
    <FormDialog
      title={
        <>
          Publish to <Name value={queue} />
        </>
      }
      action={`Publish 1 to ${visible(queue)}`}
      onSubmit={publish}
      onClose={onClose}
    >
      <label class="field-label" for="publish-body">
        Body
      </label>
      <textarea
        id="publish-body"
        class="input mono"
        rows={7}
        spellcheck={false}
        value={payload}
        onInput={(event) => setPayload(event.currentTarget.value)}
      />
      <label class="field-label" for="publish-type">
        Content type
      </label>
      <input
        id="publish-type"
        class="input"
        value={type}
        spellcheck={false}
        onInput={(event) => setType(event.currentTarget.value)}
      />
      <label class="field-label" for="publish-headers">
        Headers <span class="muted">(JSON object, optional)</span>
      </label>
      <input
        id="publish-headers"
        class="input mono"
        placeholder='{"tenant": "acme"}'
        value={headers}
        spellcheck={false}
        onInput={(event) => setHeaders(event.currentTarget.value)}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={persistent}
          onChange={(event) => setPersistent(event.currentTarget.checked)}
        />
        Persistent: survives a restart in a durable queue
      </label>
    </FormDialog>
  );
}
