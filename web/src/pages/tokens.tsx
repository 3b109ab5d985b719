import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Token } from '../api/types';
import { now } from '../state/clock';
import { useTopic } from '../state/live';
import { notify } from '../state/notices';
import { useResource } from '../state/resource';
import { isAdministrator } from '../state/rights';
import { user as me } from '../state/session';
import { AdminPage } from '../ui/admin';
import { Confirm, Dialog, FormDialog } from '../ui/dialog';
import { Field, SelectField } from '../ui/form';
import { Icon } from '../ui/icons';
import { Empty, Failure, Skeleton } from '../ui/states';
import { byNumber, byText, Table, type Column } from '../ui/table';
import { Ago, Name } from '../ui/text';
import { visible } from '../ui/visible';

const lifetimes = [
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
  ['31536000', '1 year'],
  ['', 'until it is taken back'],
] as const;

/** Passwords for scripts: one's own, and for an administrator those of all. */
export function Tokens() {
  useTopic('overview');
  return (
    <AdminPage title="Tokens" tab="Tokens">
      {() => <TokenList user="" />}
    </AdminPage>
  );
}

/** The tokens of a user; with an empty name, of all that are seen. */
export function TokenList({ user }: { user: string }) {
  const { data, error, reload } = useResource(`tokens ${user}`, (signal) => calls.tokens(user, signal), 10_000);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<Token | null>(null);
  const [doomed, setDoomed] = useState<Token | null>(null);
  const [sort, setSort] = useState({ column: 'created', descending: true });
  const all: Column<Token>[] = [
    {
      id: 'description',
      head: 'What for',
      class: 'main-cell',
      compare: byText((t) => t.description),
      cell: (t) => (t.description ? <Name value={t.description} class="strong" /> : <span class="zero">not told</span>),
    },
    {
      id: 'user',
      head: 'User',
      width: '10rem',
      class: 'p1',
      compare: byText((t) => t.user),
      cell: (t) => <Name value={t.user} />,
    },
    { id: 'id', head: 'Id', width: '10rem', class: 'p2', cell: (t) => <Name value={t.id} class="mono" /> },
    {
      id: 'created',
      head: 'Made',
      width: '8rem',
      class: 'p1',
      compare: byNumber((t) => t.created_at),
      cell: (t) => <Ago ms={t.created_at * 1000} />,
    },
    {
      id: 'expires',
      head: 'Ends',
      width: '8rem',
      compare: byNumber((t) => t.expires_at ?? Number.MAX_SAFE_INTEGER),
      cell: (t) =>
        t.expires_at === null ? (
          <span class="zero">never</span>
        ) : (
          <span class={t.expires_at * 1000 < now.value ? 'tone-warn' : ''}>
            <Ago ms={t.expires_at * 1000} />
          </span>
        ),
    },
    {
      id: 'actions',
      head: <span class="visually-hidden">Actions</span>,
      width: '8rem',
      numeric: true,
      cell: (t) => (
        <button
          type="button"
          class="link-button quiet"
          aria-label={`Take back… ${visible(t.description || t.id)}`}
          onClick={() => setDoomed(t)}
        >
          Take back…
        </button>
      ),
    },
  ];
  const columns = all.filter(({ id }) => !user || id !== 'user');
  return (
    <section class="admin-section" aria-label="Tokens">
      <div class="section-head">
        {user ? (
          <h2>Tokens</h2>
        ) : (
          <p class="muted">
            A token is a password of its own for a script: it ends by itself, and can be taken back alone.
          </p>
        )}
        <span class="spacer" />
        <button type="button" class={`button ${user ? 'small' : 'primary'}`} onClick={() => setAdding(true)}>
          <Icon name="add" /> Make a token…
        </button>
      </div>
      {error && !data ? (
        <Failure error={error} retry={reload} />
      ) : !data ? (
        <Skeleton rows={3} />
      ) : data.length === 0 ? (
        user ? (
          <p class="muted">None.</p>
        ) : (
          <Empty title="No tokens yet">
            <p>A script logs in with its user's name, and the token in place of the password:</p>
            <pre class="code">leveret tokens add 'nightly import' --expires 30d</pre>
          </Empty>
        )
      ) : (
        <Table label="Tokens" rows={data} rowKey={(token) => token.id} sort={sort} onSort={setSort} columns={columns} />
      )}
      {adding ? (
        <MakeToken
          user={user}
          onClose={() => setAdding(false)}
          onMade={(token) => {
            setAdding(false);
            setMade(token);
            reload();
          }}
        />
      ) : null}
      {made ? <ShownOnce token={made} onClose={() => setMade(null)} /> : null}
      {doomed ? (
        <Confirm
          title="Take a token back"
          action={`Take ${visible(doomed.description || doomed.id)} back`}
          onClose={() => setDoomed(null)}
          onConfirm={async () => {
            await calls.deleteToken(doomed.id);
            notify('ok', `The token ${visible(doomed.description || doomed.id)} is not valid any more`);
            setDoomed(null);
            reload();
          }}
        >
          <p>
            Whoever uses it cannot log in any more as <Name value={doomed.user} class="strong" />, and his connections
            end. This cannot be undone; another can be made.
          </p>
        </Confirm>
      ) : null}
    </section>
  );
}

interface MakeProps {
  user: string;
  onClose: () => void;
  onMade: (token: Token) => void;
}

function MakeToken({ user: given, onClose, onMade }: MakeProps) {
  const [user, setUser] = useState(given || me.value);
  const [description, setDescription] = useState('');
  const [lifetime, setLifetime] = useState('2592000');
  return (
    <FormDialog
      title="Make a token"
      action={`Make a token for ${visible(user)}`}
      onClose={onClose}
      onSubmit={async () =>
        onMade(
          await calls.makeToken({
            description,
            ...(user && user !== me.value ? { user } : {}),
            ...(lifetime ? { expires_in: Number(lifetime) } : {}),
          }),
        )
      }
    >
      {!given && isAdministrator.value ? (
        <Field label="User" value={user} onValue={setUser} hint="Whom it stands for, with all he may do" required />
      ) : null}
      <Field label="What for" value={description} onValue={setDescription} placeholder="nightly import" required />
      <SelectField label="Ends after" value={lifetime} onValue={setLifetime} options={lifetimes} />
    </FormDialog>
  );
}

/** The token itself; nobody can read it again. */
function ShownOnce({ token, onClose }: { token: Token; onClose: () => void }) {
  const text = token.token ?? '';
  return (
    <Dialog title="The token" onClose={onClose} class="wide">
      <div class="dialog-body">
        <p>
          It is shown this once. Use it as the password of <Name value={token.user} class="strong" />.
        </p>
        <input
          class="input mono"
          aria-label="Token"
          readOnly
          value={text}
          onFocus={(event) => event.currentTarget.select()}
        />
      </div>
      <footer class="dialog-foot">
        <CopyButton text={text} />
        <button type="button" class="button primary" onClick={onClose}>
          I have it
        </button>
      </footer>
    </Dialog>
  );
}

/** The clipboard is for secure addresses only; else the field is there to copy from. */
function CopyButton({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  if (!('clipboard' in navigator)) return null;
  return (
    <button
      type="button"
      class="button"
      onClick={() =>
        void navigator.clipboard.writeText(text).then(
          () => setDone(true),
          () => undefined,
        )
      }
    >
      <Icon name={done ? 'check' : 'copy'} /> {done ? 'Copied' : 'Copy'}
    </button>
  );
}
