import { useEffect, useMemo, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { DeadLetterQueue, DeathGroup, Message, Operation } from '../api/types';
import { refreshDeadLetters } from '../state/dead_letters';
import { useKeys } from '../state/keys';
import { queueTopic, useTopic, watched } from '../state/live';
import { collect, useMessages, type Browse } from '../state/messages';
import { notify } from '../state/notices';
import { watch } from '../state/operations';
import { asApiError, useResource } from '../state/resource';
import { href, setParams } from '../state/route';
import { ConfirmByName } from '../ui/dialog';
import { count, plural } from '../ui/format';
import { inGroup } from '../ui/group';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import {
  closeMessage,
  MessageList,
  nothingSelected,
  openSeq,
  step,
  useEnough,
  type Selection,
} from '../ui/message_list';
import { MessagePanel } from '../ui/message_panel';
import { Empty } from '../ui/states';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';
import { groupOfAddress, groupParams, Groups, isSameGroup } from './groups';
import { originText, Replay, type Origins, type ReplaySet } from './replay';

function originsOf(messages: Message[]): Origins {
  const origins: Origins = new Map();
  for (const message of messages) {
    const origin = message.death?.queue ?? null;
    origins.set(origin, (origins.get(origin) ?? 0) + 1);
  }
  return origins;
}

/** Origins of everything in the queue: from the groups where they cover all, else from what is loaded. */
function originsOfGroups(groups: DeathGroup[] | undefined, browse: Browse): Origins {
  if (!groups?.length) return originsOf(browse.items);
  const origins: Origins = new Map();
  for (const { queue, count: n } of groups) origins.set(queue || null, (origins.get(queue || null) ?? 0) + n);
  return origins;
}

/** The dead letters of one queue: why they died, which they are, and what to do with them. */
export function DeadQueue({ vhost, name, queue }: { vhost: string; name: string; queue: DeadLetterQueue | undefined }) {
  const topic = queueTopic(vhost, name);
  useTopic(topic);
  const browse = useMessages(vhost, name);
  const groups = useResource(`groups ${topic}`, (signal) => calls.deathGroups(vhost, name, signal));
  const group = groupOfAddress();
  const items = useMemo(
    () => (group ? browse.items.filter((message) => inGroup(message, group)) : browse.items),
    [browse.items, group?.reason, group?.queue, group?.error],
  );
  useEnough(browse, items.length, group !== null);
  const [selection, setSelection] = useState<Selection>(nothingSelected);
  const [replaying, setReplaying] = useState<ReplaySet | null>(null);
  const [deleting, setDeleting] = useState<number[] | null>(null);
  const open = openSeq();
  useEffect(() => setSelection(nothingSelected), [group?.reason, group?.queue, group?.error]);

  const reload = () => {
    setSelection(nothingSelected);
    browse.reload();
    groups.reload();
    void refreshDeadLetters();
  };
  const groupItem = groups.data?.items.find((item) => isSameGroup(item, group));
  const matching = group ? (groupItem?.count ?? items.length) : browse.ready;
  const chosen = (): ReplaySet => {
    if (selection.all)
      return {
        set: { all: true, snapshot_seq: browse.snapshot },
        count: browse.ready,
        origins: originsOfGroups(groups.data?.items, browse),
        at: browse.at,
      };
    const seqs = [...selection.seqs].sort((a, b) => a - b);
    const loaded = originsOf(browse.items.filter((message) => selection.seqs.has(message.seq)));
    // Messages of a group that are chosen but not loaded all come from the group's queue.
    const rest = seqs.length - [...loaded.values()].reduce((sum, n) => sum + n, 0);
    if (rest > 0 && group) {
      const origin = group.queue || null;
      loaded.set(origin, (loaded.get(origin) ?? 0) + rest);
    }
    return { set: { seqs }, count: seqs.length, origins: loaded, at: browse.at };
  };
  const replayOne = (message: Message) => {
    const reloadAfter = ({ done }: Operation) => {
      const at = items.findIndex((item) => item.seq === message.seq);
      // Once the message is gone, the panel goes on to the next one.
      if (done > 0 && openSeq() === message.seq) setParams({ sel: (items[at + 1] ?? items[at - 1])?.seq });
      reload();
    };
    calls
      .replay(vhost, name, { seqs: [message.seq] })
      .then(watch)
      .then(reloadAfter, (error: unknown) =>
        notify('danger', `Message ${message.seq} was not replayed: ${asApiError(error).message}`),
      );
  };
  const selectGroup = async () => {
    try {
      const seqs = await collect(
        vhost,
        name,
        browse.snapshot,
        (message) => group === null || inGroup(message, group),
        () => undefined,
      );
      setSelection({ seqs: new Set(seqs), all: false });
    } catch (error) {
      notify('danger', `The messages could not be listed: ${asApiError(error).message}`);
    }
  };
  const selectAll = () => (group ? void selectGroup() : setSelection({ seqs: new Set(), all: true }));
  useKeys({
    r: () => {
      if (selection.all || selection.seqs.size > 0) setReplaying(chosen());
      else {
        const message = items.find((item) => item.seq === open);
        if (message?.death) replayOne(message);
      }
    },
    A: selectAll,
  });

  const live = watched.value?.topic === topic ? watched.value.queue : null;
  const changed =
    live && browse.loaded && live.messages_ready !== browse.ready ? live.messages_ready - browse.ready : 0;
  const selected = selection.all ? browse.ready : selection.seqs.size;

  return (
    <section class="dead-main" aria-label={`Dead letters of ${visible(name)}`}>
      <div class="dead-head">
        <Link to={href('/ui/dead-letters')} class="back only-narrow">
          <Icon name="back" /> All
        </Link>
        <h2>
          <Name value={name} />
        </h2>
        <span class="muted one-line" title={queue?.sources.map(visible).join(', ')}>
          {plural(live?.messages ?? queue?.messages ?? browse.ready, 'message')}
          {queue?.sources.length ? ` · dead letters of ${queue.sources.map(visible).join(', ')}` : ''}
        </span>
        <Link to={href('/ui/queue', { vhost, name })} class="button">
          Queue page
        </Link>
      </div>
      <div class={`split ${open === null ? '' : 'with-panel'}`}>
        <div class="split-list">
          <Groups
            groups={groups.data?.items ?? null}
            scanned={groups.data?.scanned ?? 0}
            total={groups.data?.total ?? 0}
            current={group}
            error={groups.error}
            retry={groups.reload}
          />
          {selected ? (
            <SelectionBar
              selected={selected}
              matching={matching}
              what={group ? 'of this group' : 'matching'}
              target={originText(chosen().origins)}
              onAll={selectAll}
              onClear={() => setSelection(nothingSelected)}
              onDelete={selection.all ? null : () => setDeleting([...selection.seqs])}
              onReplay={() => setReplaying(chosen())}
            />
          ) : (
            <div class="toolbar actions">
              <span class="muted">
                {group ? `${count(matching)} in this group` : browse.loaded ? `${count(browse.ready)} ready` : ''}
                {browse.loaded && browse.items.length < browse.ready ? ` · ${count(browse.items.length)} read` : ''} ·
                oldest first
              </span>
              <span class="spacer" />
              <button
                type="button"
                class={`button ${changed ? 'pill' : ''}`}
                onClick={reload}
                disabled={browse.loading}
              >
                <Icon name="refresh" />
                {changed > 0 ? `${count(changed)} new` : changed < 0 ? `${count(-changed)} gone` : 'Refresh'}
              </button>
            </div>
          )}
          <MessageList
            label={`Dead letters of ${visible(name)}`}
            browse={browse}
            items={items}
            dead
            selection={selection}
            onSelect={setSelection}
            compact={open !== null}
          />
          {browse.loaded && !browse.loading && items.length === 0 ? (
            group ? (
              <Empty title={`0 of ${count(browse.items.length)} messages are in this group`}>
                <button type="button" class="button" onClick={() => setParams(groupParams(null))}>
                  Show all groups
                </button>
              </Empty>
            ) : (
              <Empty title="No dead letters here">
                <p class="muted">Nothing needs you.</p>
              </Empty>
            )
          ) : null}
        </div>
        {open === null ? null : (
          <MessagePanel
            vhost={vhost}
            queue={name}
            seq={open}
            onClose={closeMessage}
            onStep={(by) => step(items, by)}
            actions={(message) => (
              <>
                {message.death ? (
                  <button type="button" class="button primary" onClick={() => replayOne(message)}>
                    <Icon name="replay" /> Replay 1 to {visible(message.death.queue)}
                  </button>
                ) : null}
                <button
                  type="button"
                  class="button"
                  onClick={() =>
                    setReplaying({
                      set: { seqs: [message.seq] },
                      count: 1,
                      origins: originsOf([message]),
                      at: browse.at,
                    })
                  }
                >
                  To another queue…
                </button>
              </>
            )}
          />
        )}
      </div>
      {replaying ? (
        <Replay
          vhost={vhost}
          queue={name}
          chosen={replaying}
          onClose={() => setReplaying(null)}
          onStarted={() => {
            setReplaying(null);
            setSelection(nothingSelected);
          }}
          onDone={() => {
            if (openSeq() !== null) setParams({ sel: null });
            reload();
          }}
        />
      ) : null}
      {deleting ? (
        <ConfirmByName
          title={`Delete ${plural(deleting.length, 'message')}`}
          name={name}
          action={`Delete ${count(deleting.length)} from ${visible(name)}`}
          onClose={() => setDeleting(null)}
          onConfirm={async () => {
            const operation = await calls.deleteMessages(vhost, name, deleting);
            setDeleting(null);
            void watch(operation).then(() => {
              if (openSeq() !== null) setParams({ sel: null });
              reload();
            });
          }}
        >
          <p>The chosen messages are removed for good. This cannot be undone.</p>
        </ConfirmByName>
      ) : null}
    </section>
  );
}

interface BarProps {
  selected: number;
  matching: number;
  /** Of what `matching` is the count. */
  what: string;
  target: string;
  onAll: () => void;
  onClear: () => void;
  /** Null where the set is not a list of messages that can be named. */
  onDelete: (() => void) | null;
  onReplay: () => void;
}

/** What can be done with the selection. */
function SelectionBar({ selected, matching, what, target, onAll, onClear, onDelete, onReplay }: BarProps) {
  return (
    <div class="toolbar actions has-selection">
      <span class="strong">{count(selected)} selected</span>
      {selected < matching ? (
        <button type="button" class="link-button" onClick={onAll}>
          Select all {count(matching)} {what}
        </button>
      ) : null}
      <button type="button" class="link-button" onClick={onClear}>
        Clear
      </button>
      <span class="spacer" />
      {onDelete ? (
        <button type="button" class="button quiet-danger" onClick={onDelete}>
          Delete {count(selected)}…
        </button>
      ) : null}
      <span class="divider" />
      <button type="button" class="button primary" onClick={onReplay}>
        <Icon name="replay" /> Replay {count(selected)} to {target}…
      </button>
    </div>
  );
}
