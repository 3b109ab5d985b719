import { useMemo, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { User } from '../api/types';
import { useList } from '../state/list';
import { notify } from '../state/notices';
import { isAdministrator } from '../state/rights';
import { go, href } from '../state/route';
import { useTopic } from '../state/live';
import { AdminPage } from '../ui/admin';
import { FormDialog } from '../ui/dialog';
import { Field } from '../ui/form';
import { count } from '../ui/format';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { List } from '../ui/list';
import { Empty } from '../ui/states';
import type { Column } from '../ui/table';
import { Tags, TagsField } from '../ui/tags';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

export const userHref = (name: string): string => href('/ui/user', { name });

/** "connections 10, channels 100" */
export function limitsText(limits: Record<string, number>): string {
  return Object.entries(limits)
    .map(([name, value]) => `${name.replace(/^max-/, '')} ${value < 0 ? 'unlimited' : count(value)}`)
    .join(', ');
}

const columns: Column<User>[] = [
  {
    id: 'name',
    head: 'Name',
    class: 'main-cell',
    sortPath: 'name',
    cell: (user) => (
      <Link to={userHref(user.name)} class="row-link">
        <Name value={user.name} />
      </Link>
    ),
  },
  { id: 'tags', head: 'Tags', width: '26rem', sortPath: 'tags', cell: (user) => <Tags tags={user.tags} /> },
  {
    id: 'password',
    head: 'Password',
    width: '8rem',
    class: 'p1',
    cell: (user) => (user.password_hash ? 'set' : <span class="zero">none</span>),
  },
  {
    id: 'limits',
    head: 'Limits',
    width: '12rem',
    class: 'p2',
    cell: ({ limits }) =>
      Object.keys(limits).length ? <span class="one-line">{limitsText(limits)}</span> : <span class="zero">none</span>,
  },
];

/** Who may log in. */
export function Users() {
  return (
    <AdminPage title="Users" tab="Users" right={isAdministrator} beside={<AddButton />}>
      {() => <UserList />}
    </AdminPage>
  );
}

function AddButton() {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <span class="spacer" />
      <button type="button" class="button primary" onClick={() => setAdding(true)}>
        <Icon name="add" /> Add user…
      </button>
      {adding ? <AddUser onClose={() => setAdding(false)} /> : null}
    </>
  );
}

function UserList() {
  useTopic('overview');
  const shown = useMemo(() => columns, []);
  const list = useList<User>({ key: 'users', load: calls.users, columns: shown, every: 5_000 });
  return (
    <List
      label="Users"
      words={['user', 'users']}
      list={list}
      columns={shown}
      rowKey={(user) => user.name}
      onRow={(user) => go(userHref(user.name))}
      empty={<Empty title="No users" />}
    />
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [tags, setTags] = useState<string[]>([]);
  const add = async () => {
    if (password !== again) throw new Error('The two passwords are not the same.');
    // The API makes no difference between making a user and changing one.
    const known = await calls.users({ page: 1, name, columns: ['name'], sort: 'name' });
    if (known.items.some((user) => user.name === name)) throw new Error(`There is a user '${visible(name)}' already.`);
    await calls.putUser(name, { tags, password });
    notify('ok', `User ${visible(name)} is there; what he may do is set on his page`);
    onClose();
    go(userHref(name));
  };
  return (
    <FormDialog title="Add a user" action={name ? `Add ${visible(name)}` : 'Add'} onSubmit={add} onClose={onClose}>
      <Field label="Name" value={name} onValue={setName} required />
      <Field
        label="Password"
        type="password"
        value={password}
        onValue={setPassword}
        autocomplete="new-password"
        hint="Empty for a user who logs in by certificate or token only"
      />
      <Field label="Password again" type="password" value={again} onValue={setAgain} autocomplete="new-password" />
      <TagsField tags={tags} onTags={setTags} />
    </FormDialog>
  );
}
