import { useMemo, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Vhost } from '../api/types';
import { useList } from '../state/list';
import { useTopic } from '../state/live';
import { notify } from '../state/notices';
import { isAdministrator } from '../state/rights';
import { go, href } from '../state/route';
import { AdminPage } from '../ui/admin';
import { FormDialog } from '../ui/dialog';
import { Field, readTags, SelectField } from '../ui/form';
import { count } from '../ui/format';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { List } from '../ui/list';
import { Empty } from '../ui/states';
import type { Column } from '../ui/table';
import { Tags } from '../ui/tags';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

export const vhostHref = (name: string): string => href('/ui/vhost', { name });

function Count({ n }: { n: number | undefined }) {
  return <span class={n ? '' : 'zero'}>{count(n ?? 0)}</span>;
}

function columns(administrator: boolean): Column<Vhost>[] {
  return [
    {
      id: 'name',
      head: 'Name',
      class: 'main-cell',
      sortPath: 'name',
      // The page of one is for administrators; the others go to its queues.
      cell: ({ name }) => (
        <Link to={administrator ? vhostHref(name) : href('/ui/queues', { vhost: name })} class="row-link">
          <Name value={name} />
        </Link>
      ),
    },
    {
      id: 'description',
      head: 'Description',
      class: 'p2',
      sortPath: 'description',
      cell: ({ description }) => (description ? <Name value={description} /> : <span class="zero">none</span>),
    },
    { id: 'tags', head: 'Tags', width: '10rem', class: 'p3', cell: ({ tags }) => <Tags tags={tags} /> },
    {
      id: 'queues',
      head: 'Queues',
      numeric: true,
      width: '6rem',
      sortPath: 'x.queues',
      cell: ({ name, x }) => (
        <Link to={href('/ui/queues', { vhost: name })}>
          <Count n={x?.queues} />
        </Link>
      ),
    },
    {
      id: 'connections',
      head: 'Connections',
      numeric: true,
      width: '8rem',
      class: 'p1',
      sortPath: 'x.connections',
      cell: ({ name, x }) => (
        <Link to={href('/ui/connections', { vhost: name })}>
          <Count n={x?.connections} />
        </Link>
      ),
    },
    {
      id: 'ready',
      head: 'Ready',
      numeric: true,
      width: '6.5rem',
      sortPath: 'messages_ready',
      cell: ({ messages_ready: n }) => <Count n={n} />,
    },
    {
      id: 'unacked',
      head: 'Unacked',
      numeric: true,
      width: '6.5rem',
      class: 'p1',
      sortPath: 'messages_unacknowledged',
      cell: ({ messages_unacknowledged: n }) => <Count n={n} />,
    },
  ];
}

/** The virtual hosts: worlds of their own, with queues, exchanges and permissions. */
export function Vhosts() {
  return (
    <AdminPage title="Virtual hosts" tab="Virtual hosts" beside={isAdministrator.value ? <AddButton /> : null}>
      {() => <VhostList />}
    </AdminPage>
  );
}

function VhostList() {
  useTopic('overview');
  const administrator = isAdministrator.value;
  const shown = useMemo(() => columns(administrator), [administrator]);
  const list = useList<Vhost>({ key: 'vhosts', load: calls.vhosts, columns: shown, every: 3_000 });
  return (
    <List
      label="Virtual hosts"
      words={['virtual host', 'virtual hosts']}
      list={list}
      columns={shown}
      rowKey={({ name }) => name}
      empty={<Empty title="You may open no virtual host" />}
    />
  );
}

function AddButton() {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <span class="spacer" />
      <button type="button" class="button primary" onClick={() => setAdding(true)}>
        <Icon name="add" /> Add virtual host…
      </button>
      {adding ? (
        <VhostForm known={null} onClose={() => setAdding(false)} onDone={(name) => go(vhostHref(name))} />
      ) : null}
    </>
  );
}

const queueTypes = [
  ['undefined', 'classic'],
  ['quorum', 'quorum: with a delivery limit, kept by name'],
] as const;

interface VhostFormProps {
  known: Vhost | null;
  onClose: () => void;
  onDone: (name: string) => void;
}

/** Makes a virtual host, or changes what is told of it. */
export function VhostForm({ known, onClose, onDone }: VhostFormProps) {
  const [name, setName] = useState(known?.name ?? '');
  const [description, setDescription] = useState(known?.description ?? '');
  const [tags, setTags] = useState((known?.tags ?? []).join(', '));
  const [type, setType] = useState(known?.default_queue_type === 'quorum' ? 'quorum' : 'undefined');
  return (
    <FormDialog
      title={known ? 'Change a virtual host' : 'Add a virtual host'}
      action={`${known ? 'Change' : 'Add'} ${visible(name) || 'it'}`}
      disabled={!name}
      onClose={onClose}
      onSubmit={async () => {
        if (!known) {
          const there = await calls.vhostNames();
          if (there.includes(name)) throw new Error(`There is a virtual host '${visible(name)}' already.`);
        }
        await calls.putVhost(name, { description, tags: readTags(tags), default_queue_type: type });
        notify('ok', known ? `${visible(name)} is changed` : `${visible(name)} is there; you may do everything in it`);
        onClose();
        onDone(name);
      }}
    >
      {known ? null : <Field label="Name" value={name} onValue={setName} required />}
      <Field label="Description" value={description} onValue={setDescription} />
      <Field label="Tags" value={tags} onValue={setTags} hint="With commas" />
      <SelectField
        label="Default queue type"
        value={type}
        onValue={setType}
        options={queueTypes}
        hint="Of queues that are declared without x-queue-type"
      />
    </FormDialog>
  );
}
