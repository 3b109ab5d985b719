import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import { useTopic } from '../state/live';
import { notify } from '../state/notices';
import { useResource } from '../state/resource';
import { isAdministrator } from '../state/rights';
import { go, href, param } from '../state/route';
import { AdminPage } from '../ui/admin';
import { ConfirmByName, FormDialog } from '../ui/dialog';
import { Fact } from '../ui/fact';
import { Field, readLimit } from '../ui/form';
import { count, plural } from '../ui/format';
import { Icon } from '../ui/icons';
import { Link } from '../ui/link';
import { Empty, Failure, Skeleton } from '../ui/states';
import { byText, Table } from '../ui/table';
import { Tags } from '../ui/tags';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';
import { PatternText } from './user';
import { limitsText, userHref } from './users';
import { VhostForm } from './vhosts';

/** One virtual host: what is in it, its limits, and who may do what. */
export function Vhost() {
  const name = param('name') || '/';
  return (
    <AdminPage
      title={<Name value={name} />}
      tab={`Virtual host ${name}`}
      right={isAdministrator}
      above={
        <Link to="/ui/vhosts" class="back">
          <Icon name="back" /> Virtual hosts
        </Link>
      }
    >
      {() => <Details key={name} name={name} />}
    </AdminPage>
  );
}

function Details({ name }: { name: string }) {
  useTopic('overview');
  const { data, error, reload } = useResource(`vhost ${name}`, (signal) => calls.vhost(name, signal), 3_000);
  const limits = useResource(`limits ${name}`, (signal) => calls.vhostLimits(name, signal), 10_000);
  const permissions = useResource(`who ${name}`, (signal) => calls.vhostPermissions(name, signal), 10_000);
  const [open, setOpen] = useState<'change' | 'limits' | 'delete' | null>(null);
  const close = () => setOpen(null);
  if (error && !data)
    return (
      <Failure error={error} {...(error.status === 404 ? {} : { retry: reload })}>
        {error.status === 404 ? (
          <p>
            It may have been deleted. <Link to="/ui/vhosts">Back to all virtual hosts</Link>
          </p>
        ) : null}
      </Failure>
    );
  if (!data) return <Skeleton rows={8} />;
  const messages = data.messages_ready + data.messages_unacknowledged;
  const inside = data.x ?? { connections: 0, exchanges: 0, queues: 0, consumers: 0 };
  return (
    <>
      <div class="cards admin-cards">
        <section class="card">
          <h2>What it is</h2>
          <dl class="facts">
            <Fact label="Description">{data.description ? <Name value={data.description} /> : 'none'}</Fact>
            <Fact label="Tags">
              <Tags tags={data.tags} />
            </Fact>
            <Fact label="Default queue type">{data.default_queue_type === 'quorum' ? 'quorum' : 'classic'}</Fact>
            <Fact label="Limits">{limitsText(limits.data ?? {}) || 'none'}</Fact>
          </dl>
          <p class="card-actions">
            <button type="button" class="button small" onClick={() => setOpen('change')}>
              Change…
            </button>
            <button type="button" class="button small" onClick={() => setOpen('limits')}>
              Limits…
            </button>
            <span class="spacer" />
            <button type="button" class="button small quiet-danger" onClick={() => setOpen('delete')}>
              Delete…
            </button>
          </p>
        </section>
        <section class="card">
          <h2>What is in it</h2>
          <dl class="facts">
            <Fact label="Queues">
              <Link to={href('/ui/queues', { vhost: name })}>{count(inside.queues)}</Link>
            </Fact>
            <Fact label="Exchanges">
              <Link to={href('/ui/exchanges', { vhost: name })}>{count(inside.exchanges)}</Link>
            </Fact>
            <Fact label="Connections">
              <Link to={href('/ui/connections', { vhost: name })}>{count(inside.connections)}</Link>
            </Fact>
            <Fact label="Consumers">{count(inside.consumers)}</Fact>
            <Fact label="Ready">{count(data.messages_ready)}</Fact>
            <Fact label="Unacked">{count(data.messages_unacknowledged)}</Fact>
          </dl>
        </section>
      </div>
      <section class="admin-section" aria-label="Permissions">
        <div class="section-head">
          <h2>Who may do what</h2>
        </div>
        {permissions.data?.length === 0 ? (
          <Empty title="Nobody may open it">
            <p class="muted">Give a permission on the page of a user.</p>
          </Empty>
        ) : permissions.data ? (
          <Table
            label="Permissions"
            rows={permissions.data}
            rowKey={({ user }) => user}
            sort={{ column: 'user', descending: false }}
            columns={[
              {
                id: 'user',
                head: 'User',
                class: 'main-cell',
                compare: byText((p) => p.user),
                cell: (p) => (
                  <Link to={userHref(p.user)} class="row-link">
                    <Name value={p.user} />
                  </Link>
                ),
              },
              { id: 'configure', head: 'Configure', cell: (p) => <PatternText value={p.configure} /> },
              { id: 'write', head: 'Write', cell: (p) => <PatternText value={p.write} /> },
              { id: 'read', head: 'Read', cell: (p) => <PatternText value={p.read} /> },
            ]}
          />
        ) : (
          <Skeleton rows={3} />
        )}
      </section>
      {open === 'change' ? <VhostForm known={data} onClose={close} onDone={reload} /> : null}
      {open === 'limits' ? (
        <LimitsForm
          name={name}
          limits={limits.data ?? {}}
          onClose={close}
          onDone={() => {
            close();
            limits.reload();
          }}
        />
      ) : null}
      {open === 'delete' ? (
        <ConfirmByName
          title="Delete this virtual host"
          name={name}
          action={`Delete ${visible(name)} with ${plural(messages, 'message')}`}
          onClose={close}
          onConfirm={async () => {
            await calls.deleteVhost(name);
            notify('ok', `Deleted ${visible(name)}`);
            go('/ui/vhosts');
          }}
        >
          <p>
            Everything in it goes: {plural(inside.queues, 'queue')} with {plural(messages, 'message')},{' '}
            {plural(inside.exchanges, 'exchange')}, bindings, policies and permissions;{' '}
            {plural(inside.connections, 'connection')} will be closed. This cannot be undone.
          </p>
        </ConfirmByName>
      ) : null}
    </>
  );
}

interface LimitsProps {
  name: string;
  limits: Record<string, number>;
  onClose: () => void;
  onDone: () => void;
}

function LimitsForm({ name, limits, onClose, onDone }: LimitsProps) {
  const [connections, setConnections] = useState(String(limits['max-connections'] ?? ''));
  const [queues, setQueues] = useState(String(limits['max-queues'] ?? ''));
  return (
    <FormDialog
      title={
        <>
          Limits of <Name value={name} />
        </>
      }
      action="Set the limits"
      onClose={onClose}
      onSubmit={async () => {
        const wanted: [string, number | null][] = [
          ['max-connections', readLimit('Connections', connections)],
          ['max-queues', readLimit('Queues', queues)],
        ];
        for (const [limit, value] of wanted)
          if (value !== (limits[limit] ?? null)) await calls.putVhostLimit(name, limit, value);
        notify('ok', `The limits of ${visible(name)} are set`);
        onDone();
      }}
    >
      <Field label="Connections at most" value={connections} onValue={setConnections} hint="Empty for no limit" />
      <Field label="Queues at most" value={queues} onValue={setQueues} hint="Empty for no limit" />
    </FormDialog>
  );
}
