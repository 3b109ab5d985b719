import { useMemo, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Json, JsonObject, Policy } from '../api/types';
import { useList } from '../state/list';
import { useTopic } from '../state/live';
import { notify } from '../state/notices';
import { isAdministrator, isPolicymaker } from '../state/rights';
import { href, param } from '../state/route';
import { AdminPage } from '../ui/admin';
import { Confirm, FormDialog } from '../ui/dialog';
import { Field, SelectField } from '../ui/form';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { List } from '../ui/list';
import { PatternMatches } from '../ui/pattern_matches';
import { Empty } from '../ui/states';
import type { Column } from '../ui/table';
import { Name } from '../ui/text';
import { useVhostFilter, VhostFilter } from '../ui/vhost_filter';
import { visible } from '../ui/visible';

const applyTo = [
  ['all', 'queues and exchanges'],
  ['queues', 'queues'],
  ['classic_queues', 'classic queues'],
  ['quorum_queues', 'quorum queues'],
  ['exchanges', 'exchanges'],
] as const;

/** Keys of a definition, with a value to begin with. */
const keys: Record<string, Json> = {
  'max-length': 10000,
  'max-length-bytes': 1073741824,
  overflow: 'reject-publish',
  'message-ttl': 86400000,
  expires: 1800000,
  'dead-letter-exchange': '',
  'dead-letter-routing-key': 'dead',
  'delivery-limit': 5,
  'alternate-exchange': 'unrouted',
};
const operatorKeys = ['max-length', 'max-length-bytes', 'message-ttl', 'expires', 'delivery-limit'];

/** Reads the JSON of a definition; throws what is wrong, in a sentence. */
export function parseDefinition(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`The definition is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error('The definition has to be a JSON object, such as {"max-length": 1000}.');
  return value;
}

const words = (policy: Policy) =>
  Object.entries(policy.definition)
    .map(([key, value]) => `${key}: ${typeof value === 'string' && value ? value : JSON.stringify(value)}`)
    .join(', ');

function columns(vhosts: boolean, act: ((policy: Policy, verb: 'edit' | 'delete') => void) | null): Column<Policy>[] {
  const list: Column<Policy>[] = [
    {
      id: 'name',
      head: 'Name',
      class: 'main-cell',
      sortPath: 'name',
      cell: (p) =>
        act ? (
          <button type="button" class="link-button row-link" onClick={() => act(p, 'edit')}>
            <Name value={p.name} />
          </button>
        ) : (
          <Name value={p.name} class="strong" />
        ),
    },
    {
      id: 'vhost',
      head: 'Virtual host',
      width: '9rem',
      class: 'p2',
      sortPath: 'vhost',
      cell: (p) => <Name value={p.vhost} />,
    },
    {
      id: 'pattern',
      head: 'Pattern',
      width: '26%',
      sortPath: 'pattern',
      cell: (p) => <Name value={p.pattern || '(all)'} class="mono" />,
    },
    {
      id: 'apply',
      head: 'Applies to',
      width: '11rem',
      class: 'p2',
      sortPath: 'apply-to',
      cell: (p) => applyTo.find(([id]) => id === p['apply-to'])?.[1] ?? <Name value={p['apply-to']} />,
    },
    { id: 'definition', head: 'Sets', class: 'p1', cell: (p) => <Name value={words(p)} class="mono" /> },
    {
      id: 'priority',
      head: 'Priority',
      numeric: true,
      width: '6rem',
      class: 'p1',
      sortPath: 'priority',
      cell: (p) => p.priority,
    },
  ];
  if (act)
    list.push({
      id: 'actions',
      head: <span class="visually-hidden">Actions</span>,
      numeric: true,
      width: '6rem',
      cell: (p) => (
        <button
          type="button"
          class="link-button quiet"
          aria-label={`Delete… ${visible(p.name)}`}
          onClick={() => act(p, 'delete')}
        >
          Delete…
        </button>
      ),
    });
  return list.filter(({ id }) => id !== 'vhost' || vhosts);
}

/** What applies to queues and exchanges by their names, beside what they were declared with. */
export function Policies() {
  const kind: calls.PolicyKind = param('tab') === 'operator' ? 'operator-policies' : 'policies';
  return (
    <AdminPage title="Policies" tab="Policies">
      {() => (
        <>
          <nav class="tabs" aria-label="Kinds of policies">
            <Link to="/ui/policies" aria-current={kind === 'policies' ? 'page' : undefined}>
              Policies
            </Link>
            <Link
              to={href('/ui/policies', { tab: 'operator' })}
              aria-current={kind === 'operator-policies' ? 'page' : undefined}
            >
              Operator policies
            </Link>
          </nav>
          <PolicyList key={kind} kind={kind} />
        </>
      )}
    </AdminPage>
  );
}

function PolicyList({ kind }: { kind: calls.PolicyKind }) {
  useTopic('overview');
  const may = kind === 'policies' ? isPolicymaker.value : isAdministrator.value;
  const vhosts = useVhostFilter();
  const [open, setOpen] = useState<{ verb: 'add' | 'edit' | 'delete'; policy: Policy | null } | null>(null);
  const shown = useMemo(
    () => columns(vhosts.names.length > 1, may ? (policy, verb) => setOpen({ verb, policy }) : null),
    [vhosts.names.length > 1, may],
  );
  const list = useList<Policy>({
    key: `${kind} ${vhosts.chosen}`,
    load: (query, signal) => calls.policies(kind, vhosts.chosen, query, signal),
    columns: shown,
    every: 5_000,
  });
  const close = () => setOpen(null);
  const done = (text: string) => {
    notify('ok', text);
    close();
    list.reload();
  };
  const word = kind === 'policies' ? 'policy' : 'operator policy';
  return (
    <>
      <List
        label="Policies"
        words={[word, kind === 'policies' ? 'policies' : 'operator policies']}
        list={list}
        columns={shown}
        rowKey={(p) => `${p.vhost}\n${p.name}`}
        tools={
          <>
            <VhostFilter vhosts={vhosts} />
            {may ? (
              <button type="button" class="button" onClick={() => setOpen({ verb: 'add', policy: null })}>
                <Icon name="add" /> Add {word}…
              </button>
            ) : null}
          </>
        }
        empty={
          <Empty title={kind === 'policies' ? 'No policies yet' : 'No operator policies yet'}>
            <p>
              {kind === 'policies'
                ? 'A policy sets limits, times to live and dead-letter exchanges of all queues whose names match, at once, without declaring them anew.'
                : 'An operator policy bounds what users and their policies ask for: of two limits the lower one holds.'}
            </p>
          </Empty>
        }
      />
      {open && open.verb !== 'delete' ? (
        <PolicyForm
          kind={kind}
          word={word}
          known={open.policy}
          vhost={open.policy?.vhost ?? (vhosts.chosen || vhosts.names[0] || '/')}
          vhosts={vhosts.names}
          onClose={close}
          onDone={done}
        />
      ) : null}
      {open?.verb === 'delete' && open.policy ? (
        <DeletePolicy kind={kind} word={word} policy={open.policy} onClose={close} onDone={done} />
      ) : null}
    </>
  );
}

interface DeleteProps {
  kind: calls.PolicyKind;
  word: string;
  policy: Policy;
  onClose: () => void;
  onDone: (text: string) => void;
}

function DeletePolicy({ kind, word, policy, onClose, onDone }: DeleteProps) {
  return (
    <Confirm
      title={`Delete this ${word}`}
      action={`Delete ${visible(policy.name)}`}
      onClose={onClose}
      onConfirm={async () => {
        await calls.deletePolicy(kind, policy.vhost, policy.name);
        onDone(`Deleted ${word} ${visible(policy.name)}`);
      }}
    >
      <p>
        What it sets ends at once where it applies in <Name value={policy.vhost} class="strong" />, or the policy with
        the next priority takes its place:
      </p>
      <p>
        <Name value={words(policy)} class="mono" />
      </p>
      <PatternMatches
        vhost={policy.vhost}
        pattern={policy.pattern}
        queues={policy['apply-to'] !== 'exchanges'}
        exchanges={['all', 'exchanges'].includes(policy['apply-to'])}
      />
    </Confirm>
  );
}

interface FormProps {
  kind: calls.PolicyKind;
  word: string;
  known: Policy | null;
  vhost: string;
  vhosts: string[];
  onClose: () => void;
  onDone: (text: string) => void;
}

function PolicyForm({ kind, word, known, vhost: first, vhosts, onClose, onDone }: FormProps) {
  const [vhost, setVhost] = useState(first);
  const [name, setName] = useState(known?.name ?? '');
  const [pattern, setPattern] = useState(known?.pattern ?? '');
  const [to, setTo] = useState(known?.['apply-to'] ?? (kind === 'policies' ? 'all' : 'queues'));
  const [priority, setPriority] = useState(String(known?.priority ?? 0));
  const [definition, setDefinition] = useState(known ? JSON.stringify(known.definition, null, 2) : '{}');
  const insert = (key: string) => {
    try {
      setDefinition(JSON.stringify({ ...parseDefinition(definition), [key]: keys[key] ?? 0 }, null, 2));
    } catch {
      // What is there has to be mended first; sending says how.
    }
  };
  return (
    <FormDialog
      title={
        known
          ? `Change ${word} ${visible(known.name)}`
          : `Add ${kind === 'policies' ? 'a policy' : 'an operator policy'}`
      }
      action={`${known ? 'Change' : 'Add'} ${visible(name) || 'it'}`}
      wide
      onClose={onClose}
      onSubmit={async () => {
        if (!/^-?\d{1,9}$/.test(priority.trim())) throw new Error('The priority has to be a whole number.');
        await calls.putPolicy(kind, {
          vhost,
          name,
          pattern,
          'apply-to': to,
          priority: Number(priority),
          definition: parseDefinition(definition),
        });
        onDone(`${known ? 'Changed' : 'Added'} ${word} ${visible(name)}`);
      }}
    >
      {known ? null : (
        <>
          {vhosts.length > 1 ? (
            <SelectField
              label="Virtual host"
              value={vhost}
              onValue={setVhost}
              options={vhosts.map((one) => [one, visible(one)] as const)}
            />
          ) : null}
          <Field label="Name" value={name} onValue={setName} required />
        </>
      )}
      <Field
        label="Pattern"
        mono
        value={pattern}
        onValue={setPattern}
        placeholder="^jobs\."
        hint="A regular expression on names; empty for all"
      />
      <PatternMatches
        vhost={vhost}
        pattern={pattern}
        queues={to !== 'exchanges'}
        exchanges={['all', 'exchanges'].includes(to)}
      />
      <SelectField label="Applies to" value={to} onValue={setTo} options={applyTo} />
      <Field
        label="Priority"
        value={priority}
        onValue={setPriority}
        hint="Of several that match, the one with the highest applies, alone"
      />
      <label class="field-label" for="policy-definition">
        What it sets <span class="muted">(JSON)</span>
      </label>
      <textarea
        id="policy-definition"
        class="input mono"
        rows={5}
        spellcheck={false}
        value={definition}
        onInput={(event) => setDefinition(event.currentTarget.value)}
      />
      <p class="key-list">
        {(kind === 'policies' ? Object.keys(keys) : operatorKeys).map((key) => (
          <button key={key} type="button" class="button small" onClick={() => insert(key)}>
            <Icon name="add" /> {key}
          </button>
        ))}
      </p>
    </FormDialog>
  );
}
