import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Permission, TopicPermission, User as UserType } from '../api/types';
import { notify } from '../state/notices';
import { useResource } from '../state/resource';
import { isAdministrator } from '../state/rights';
import { go, href, param } from '../state/route';
import { useTopic } from '../state/live';
import { user as me } from '../state/session';
import { AdminPage } from '../ui/admin';
import { Confirm, ConfirmByName, FormDialog } from '../ui/dialog';
import { Fact } from '../ui/fact';
import { Field, readLimit } from '../ui/form';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { Empty, Failure, Skeleton } from '../ui/states';
import { Table } from '../ui/table';
import { Tags, TagsField } from '../ui/tags';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';
import { PermissionForm, TopicPermissionForm } from './permission_forms';
import { TokenList } from './tokens';
import { limitsText } from './users';

type Open =
  | { kind: 'password' | 'tags' | 'limits' | 'delete' }
  | { kind: 'permission'; of: Permission | null }
  | { kind: 'topic'; of: TopicPermission | null }
  | { kind: 'take'; of: Permission }
  | { kind: 'take topic'; of: TopicPermission };

/** One user: tags, password, limits, what he may do where, and his tokens. */
export function User() {
  const name = param('name');
  return (
    <AdminPage
      title={<Name value={name} />}
      tab={`User ${name}`}
      right={isAdministrator}
      above={
        <Link to="/ui/users" class="back">
          <Icon name="back" /> Users
        </Link>
      }
    >
      {() => <Details key={name} name={name} />}
    </AdminPage>
  );
}

function Details({ name }: { name: string }) {
  useTopic('overview');
  const user = useResource(`user ${name}`, (signal) => calls.user(name, signal), 10_000);
  const permissions = useResource(`permissions ${name}`, (signal) => calls.permissions(name, signal), 10_000);
  const topics = useResource(`topic permissions ${name}`, (signal) => calls.topicPermissions(name, signal), 10_000);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const changed = (text: string) => {
    close();
    notify('ok', text);
    user.reload();
    permissions.reload();
    topics.reload();
  };
  if (user.error && !user.data)
    return (
      <Failure error={user.error} {...(user.error.status === 404 ? {} : { retry: user.reload })}>
        {user.error.status === 404 ? (
          <p>
            He may have been deleted. <Link to="/ui/users">Back to all users</Link>
          </p>
        ) : null}
      </Failure>
    );
  if (!user.data) return <Skeleton rows={8} />;
  const given = user.data;
  return (
    <>
      <div class="cards admin-cards">
        <section class="card">
          <h2>Log-in</h2>
          <dl class="facts">
            <Fact label="Tags">
              <Tags tags={given.tags} />
            </Fact>
            <Fact label="Password">{given.password_hash ? 'set' : 'none'}</Fact>
            <Fact label="Limits">{limitsText(given.limits) || 'none'}</Fact>
          </dl>
          <p class="card-actions">
            <button type="button" class="button small" onClick={() => setOpen({ kind: 'password' })}>
              Password…
            </button>
            <button type="button" class="button small" onClick={() => setOpen({ kind: 'tags' })}>
              Tags…
            </button>
            <button type="button" class="button small" onClick={() => setOpen({ kind: 'limits' })}>
              Limits…
            </button>
            <span class="spacer" />
            {name === me.value ? (
              <span class="muted">This is you</span>
            ) : (
              <button type="button" class="button small quiet-danger" onClick={() => setOpen({ kind: 'delete' })}>
                Delete…
              </button>
            )}
          </p>
        </section>
      </div>
      <Section title="Permissions" add="Give permissions…" onAdd={() => setOpen({ kind: 'permission', of: null })}>
        {permissions.data?.length === 0 ? (
          <Empty title="He may open no virtual host">
            <p class="muted">Until a permission is given, his connections are refused.</p>
          </Empty>
        ) : permissions.data ? (
          <Table
            label="Permissions"
            rows={permissions.data}
            rowKey={(each) => each.vhost}
            columns={[
              {
                id: 'vhost',
                head: 'Virtual host',
                class: 'main-cell',
                cell: (p) => (
                  <Link to={href('/ui/vhost', { name: p.vhost })} class="row-link">
                    <Name value={p.vhost} />
                  </Link>
                ),
              },
              { id: 'configure', head: 'Configure', class: 'p1', cell: (p) => <PatternText value={p.configure} /> },
              { id: 'write', head: 'Write', class: 'p1', cell: (p) => <PatternText value={p.write} /> },
              { id: 'read', head: 'Read', class: 'p1', cell: (p) => <PatternText value={p.read} /> },
              {
                id: 'actions',
                head: <span class="visually-hidden">Actions</span>,
                width: '14rem',
                numeric: true,
                cell: (p) => (
                  <RowActions
                    what={`permissions in ${visible(p.vhost)}`}
                    onEdit={() => setOpen({ kind: 'permission', of: p })}
                    onTake={() => setOpen({ kind: 'take', of: p })}
                  />
                ),
              },
            ]}
          />
        ) : (
          <Skeleton rows={2} />
        )}
      </Section>
      <Section
        title="Topic permissions"
        add="Limit a topic exchange…"
        onAdd={() => setOpen({ kind: 'topic', of: null })}
      >
        {topics.data?.length === 0 ? (
          <p class="muted">None: routing keys of topic exchanges are not limited.</p>
        ) : topics.data ? (
          <Table
            label="Topic permissions"
            rows={topics.data}
            rowKey={(each) => `${each.vhost}\n${each.exchange}`}
            columns={[
              {
                id: 'exchange',
                head: 'Exchange',
                class: 'main-cell',
                cell: (t) => <Name value={t.exchange || '(all topic exchanges)'} class="strong" />,
              },
              { id: 'vhost', head: 'Virtual host', class: 'p1', cell: (t) => <Name value={t.vhost} /> },
              { id: 'write', head: 'Write keys', class: 'p1', cell: (t) => <PatternText value={t.write} /> },
              { id: 'read', head: 'Read keys', class: 'p1', cell: (t) => <PatternText value={t.read} /> },
              {
                id: 'actions',
                head: <span class="visually-hidden">Actions</span>,
                width: '14rem',
                numeric: true,
                cell: (t) => (
                  <RowActions
                    what={`topic permissions on ${visible(t.exchange)}`}
                    onEdit={() => setOpen({ kind: 'topic', of: t })}
                    onTake={() => setOpen({ kind: 'take topic', of: t })}
                  />
                ),
              },
            ]}
          />
        ) : (
          <Skeleton rows={2} />
        )}
      </Section>
      <TokenList user={name} />
      <Dialogs open={open} user={given} onClose={close} onChanged={changed} />
    </>
  );
}

interface SectionProps {
  title: string;
  add: string;
  onAdd: () => void;
  children: preact.ComponentChildren;
}

/** A part of a page with a heading and the button that adds to it. */
export function Section({ title, add, onAdd, children }: SectionProps) {
  return (
    <section class="admin-section" aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        <span class="spacer" />
        <button type="button" class="button small" onClick={onAdd}>
          <Icon name="add" /> {add}
        </button>
      </div>
      {children}
    </section>
  );
}

/** A pattern as it is; the empty one matches nothing. */
export function PatternText({ value }: { value: string }) {
  return value ? <Name value={value} class="mono" /> : <span class="zero">nothing</span>;
}

export function RowActions({ what, onEdit, onTake }: { what: string; onEdit: () => void; onTake: () => void }) {
  return (
    <>
      <button type="button" class="link-button" aria-label={`Edit… ${what}`} onClick={onEdit}>
        Edit…
      </button>{' '}
      <button type="button" class="link-button quiet" aria-label={`Take away… ${what}`} onClick={onTake}>
        Take away…
      </button>
    </>
  );
}

interface DialogsProps {
  open: Open | null;
  user: UserType;
  onClose: () => void;
  onChanged: (text: string) => void;
}

function Dialogs({ open, user, onClose, onChanged }: DialogsProps) {
  const name = user.name;
  switch (open?.kind) {
    case 'password':
      return <PasswordForm user={user} onClose={onClose} onChanged={onChanged} />;
    case 'tags':
      return <TagsForm user={user} onClose={onClose} onChanged={onChanged} />;
    case 'limits':
      return <LimitsForm user={user} onClose={onClose} onChanged={onChanged} />;
    case 'permission':
      return (
        <PermissionForm
          user={name}
          known={open.of}
          onClose={onClose}
          onDone={(vhost) => onChanged(`${visible(name)} has these permissions in ${visible(vhost)}`)}
        />
      );
    case 'topic':
      return (
        <TopicPermissionForm
          user={name}
          known={open.of}
          onClose={onClose}
          onDone={(exchange) => onChanged(`${visible(name)} is limited on ${visible(exchange)}`)}
        />
      );
    case 'take':
      return (
        <Confirm
          title="Take permissions away"
          action={`Take all permissions in ${visible(open.of.vhost)} away`}
          onClose={onClose}
          onConfirm={async () => {
            await calls.deletePermission(open.of.vhost, name);
            onChanged(`${visible(name)} may do nothing in ${visible(open.of.vhost)} any more`);
          }}
        >
          <p>
            <Name value={name} class="strong" /> will not be able to open <Name value={open.of.vhost} class="strong" />{' '}
            any more, and his open connections may do nothing within a second.
          </p>
        </Confirm>
      );
    case 'take topic':
      return (
        <Confirm
          title="Take topic permissions away"
          action={`Take the limits on ${visible(open.of.exchange || 'all')} away`}
          onClose={onClose}
          onConfirm={async () => {
            await calls.deleteTopicPermission(open.of);
            onChanged(`Routing keys of ${visible(open.of.exchange || 'topic exchanges')} are not limited any more`);
          }}
        >
          <p>
            <Name value={name} class="strong" /> will be able to use every routing key of{' '}
            <Name value={open.of.exchange || 'all topic exchanges'} class="strong" />, as far as his permissions go.
          </p>
        </Confirm>
      );
    case 'delete':
      return (
        <ConfirmByName
          title="Delete this user"
          name={name}
          action={`Delete ${visible(name)}`}
          onClose={onClose}
          onConfirm={async () => {
            await calls.deleteUser(name);
            notify('ok', `User ${visible(name)} is deleted`);
            go('/ui/users');
          }}
        >
          <p>
            The user goes with his permissions and tokens, and his connections end. What he has made stays. This cannot
            be undone.
          </p>
        </ConfirmByName>
      );
    default:
      return null;
  }
}

type FormProps = Omit<DialogsProps, 'open'>;

function PasswordForm({ user, onClose, onChanged }: FormProps) {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [none, setNone] = useState(false);
  return (
    <FormDialog
      title={
        <>
          Password of <Name value={user.name} />
        </>
      }
      action={none ? 'Take the password away' : 'Set the password'}
      disabled={!none && password === ''}
      onClose={onClose}
      onSubmit={async () => {
        if (!none && password !== again) throw new Error('The two passwords are not the same.');
        await calls.putUser(user.name, { tags: user.tags, password: none ? '' : password });
        onChanged(
          none ? `${visible(user.name)} has no password any more` : `The password of ${visible(user.name)} is set`,
        );
      }}
    >
      {none ? null : (
        <>
          <Field
            label="New password"
            type="password"
            value={password}
            onValue={setPassword}
            autocomplete="new-password"
          />
          <Field
            label="New password again"
            type="password"
            value={again}
            onValue={setAgain}
            autocomplete="new-password"
          />
        </>
      )}
      <label class="check">
        <input type="checkbox" checked={none} onChange={(event) => setNone(event.currentTarget.checked)} />
        No password: logs in by certificate or token only
      </label>
    </FormDialog>
  );
}

function TagsForm({ user, onClose, onChanged }: FormProps) {
  const [tags, setTags] = useState(user.tags);
  const loses = user.name === me.value && user.tags.includes('administrator') && !tags.includes('administrator');
  return (
    <FormDialog
      title={
        <>
          Tags of <Name value={user.name} />
        </>
      }
      action="Set the tags"
      onClose={onClose}
      onSubmit={async () => {
        await calls.putUser(user.name, { tags });
        onChanged(`The tags of ${visible(user.name)} are set`);
      }}
    >
      <TagsField tags={tags} onTags={setTags} />
      {loses ? (
        <p class="tone-warn">
          <Icon name="warn" /> You are this user: without this tag you cannot give it back to yourself.
        </p>
      ) : null}
    </FormDialog>
  );
}

function LimitsForm({ user, onClose, onChanged }: FormProps) {
  const text = (name: string) => String(user.limits[name] ?? '');
  const [connections, setConnections] = useState(text('max-connections'));
  const [channels, setChannels] = useState(text('max-channels'));
  return (
    <FormDialog
      title={
        <>
          Limits of <Name value={user.name} />
        </>
      }
      action="Set the limits"
      onClose={onClose}
      onSubmit={async () => {
        const limits: [string, number | null][] = [
          ['max-connections', readLimit('Connections', connections)],
          ['max-channels', readLimit('Channels', channels)],
        ];
        for (const [name, value] of limits)
          if (value !== (user.limits[name] ?? null)) await calls.putUserLimit(user.name, name, value);
        onChanged(`The limits of ${visible(user.name)} are set`);
      }}
    >
      <Field label="Connections at most" value={connections} onValue={setConnections} hint="Empty for no limit" />
      <Field label="Channels at most" value={channels} onValue={setChannels} hint="Empty for no limit" />
    </FormDialog>
  );
}
