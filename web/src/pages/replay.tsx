import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Queue } from '../api/types';
import { watch } from '../state/operations';
import { asApiError, useResource } from '../state/resource';
import { FormDialog } from '../ui/dialog';
import { count, plural, timeOfDay } from '../ui/format';
import { Icon } from '../ui/icons';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

/** Where the chosen messages came from, with counts; `null` stands for messages without x-death. */
export type Origins = Map<string | null, number>;

export interface ReplaySet {
  set: calls.MessageSet;
  count: number;
  origins: Origins;
  /** When the list was read that the set was chosen from, ms. */
  at: number;
}

/** "emails", or "3 original queues". */
export function originText(origins: Origins): string {
  const named = [...origins.keys()].filter((name) => name !== null);
  return named.length === 1 && named[0] !== undefined
    ? visible(named[0])
    : named.length === 0
      ? 'another queue'
      : `${named.length} original queues`;
}

interface ReplayProps {
  vhost: string;
  queue: string;
  chosen: ReplaySet;
  onClose: () => void;
  /** Called when the server has taken the set over. */
  onStarted: () => void;
  /** Called when the operation has ended. */
  onDone: () => void;
}

/** Where messages of more queues than this come from, the counts of the rest stand without what waits there. */
const targetsMax = 50;

/** What a queue is at present; null when there is none of this name, which is no error. */
async function findQueue(vhost: string, name: string, signal: AbortSignal): Promise<Queue | null> {
  const columns = ['name', 'consumers', 'messages_ready'];
  const page = await calls.queues(vhost, { page: 1, name, sort: 'name', columns }, signal);
  const found = page.items.find((item) => item.name === name);
  if (found || page.page_count <= 1) return found ?? null;
  return calls.queue(vhost, name, signal).catch((error: unknown) => {
    if (asApiError(error).status === 404) return null;
    throw error;
  });
}

async function findQueues(vhost: string, names: string[], signal: AbortSignal): Promise<Map<string, Queue | null>> {
  const known = new Map<string, Queue | null>();
  for (const name of names.slice(0, targetsMax)) known.set(name, await findQueue(vhost, name, signal));
  return known;
}

/** Asks where to, shows what is there, and starts the operation. */
export function Replay({ vhost, queue, chosen, onClose, onStarted, onDone }: ReplayProps) {
  const homeless = chosen.origins.get(null) ?? 0;
  const [elsewhere, setElsewhere] = useState(homeless === chosen.count);
  const [target, setTarget] = useState('');
  const names = [...new Set([...chosen.origins.keys(), elsewhere ? target : null])].filter((name) => name);
  const { data: found } = useResource(
    `targets ${vhost} ${names.join('\n')}`,
    (signal) => findQueues(vhost, names as string[], signal),
    undefined,
    { keep: true },
  );
  const { data: offered } = useResource(
    `queues like ${vhost} ${elsewhere ? target : ''}`,
    (signal) => calls.queues(vhost, { page: 1, name: target, sort: 'name', columns: ['name'] }, signal),
    undefined,
    { keep: true },
  );
  const find = (name: string): Queue | null | undefined => found?.get(name);
  const missing = elsewhere && target !== '' && (find(target) === null || target === queue);
  const ready = elsewhere ? target !== '' && find(target) !== undefined && !missing : homeless < chosen.count;
  const replay = async () => {
    const operation = await calls.replay(vhost, queue, chosen.set, elsewhere ? target : undefined);
    onStarted();
    void watch(operation).then(onDone);
  };
  const to = elsewhere ? (target ? visible(target) : 'another queue') : originText(chosen.origins);
  return (
    <FormDialog
      wide
      title={`Replay ${plural(chosen.count, 'message')}`}
      action={
        <>
          <Icon name="replay" /> Replay {count(chosen.count)} to {to}
        </>
      }
      disabled={!ready}
      onSubmit={replay}
      onClose={onClose}
    >
      <p class="muted">
        From <Name value={queue} class="strong" />, as listed at {timeOfDay(chosen.at)}. What arrived later is not
        included. Each message is moved in one transaction and lies in exactly one queue at any time.
      </p>
      <fieldset class="choices">
        <legend class="field-label">To</legend>
        <label class="choice">
          <input
            type="radio"
            name="target"
            checked={!elsewhere}
            disabled={homeless === chosen.count}
            onChange={() => setElsewhere(false)}
          />
          <span>
            The original queue of each
            <span class="muted"> – from its x-death header</span>
          </span>
        </label>
        {!elsewhere ? (
          <ul class="targets">
            {[...chosen.origins].map(([name, n]) => (
              <li key={name}>
                {name === null ? (
                  <span class="tone-warn">
                    <Icon name="warn" /> {count(n)} without an original queue stay here
                  </span>
                ) : (
                  <Target name={name} n={n} found={find(name)} />
                )}
              </li>
            ))}
          </ul>
        ) : null}
        <label class="choice">
          <input type="radio" name="target" checked={elsewhere} onChange={() => setElsewhere(true)} />
          <span>Another queue</span>
        </label>
        {elsewhere ? (
          <div class="targets">
            <input
              class="input"
              aria-label="Target queue"
              list="replay-targets"
              value={target}
              autocomplete="off"
              spellcheck={false}
              placeholder="Name of the queue"
              onInput={(event) => setTarget(event.currentTarget.value)}
            />
            <datalist id="replay-targets">
              {(offered?.items ?? []).map(({ name }) =>
                name === queue ? null : <option key={name} value={name} />,
              )}
            </datalist>
            {missing ? (
              <p class="form-error">There is no such queue in this virtual host.</p>
            ) : target ? (
              <p>
                <Target name={target} n={chosen.count} found={find(target)} />
              </p>
            ) : null}
          </div>
        ) : null}
      </fieldset>
    </FormDialog>
  );
}

/** A target and what waits there: undefined while that is being asked, null when it does not exist. */
function Target({ name, n, found }: { name: string; n: number; found: Queue | null | undefined }) {
  return (
    <>
      <span class="num strong">{count(n)}</span> → <Name value={name} class="strong" />{' '}
      {found === undefined ? null : found === null ? (
        <span class="tone-danger">
          <Icon name="warn" /> does not exist any more: these stay here
        </span>
      ) : (
        <span class={found.consumers ? 'muted' : 'tone-warn'}>
          {found.consumers ? plural(found.consumers, 'consumer') : 'no consumer'}, {count(found.messages_ready)} ready
        </span>
      )}
    </>
  );
}
