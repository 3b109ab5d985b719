import { useState } from 'preact/hooks';
import * as calls from '../api/calls';
import { ApiError } from '../api/client';
import type { ImportAction, ImportReport } from '../api/types';
import { useTopic } from '../state/live';
import { notify } from '../state/notices';
import { useResource } from '../state/resource';
import { isAdministrator } from '../state/rights';
import { param, setParams } from '../state/route';
import { AdminPage } from '../ui/admin';
import { useAction } from '../ui/dialog';
import { bytes, count, plural } from '../ui/format';
import { Icon } from '../ui/icons';
import { save } from '../ui/save';
import { Failure } from '../ui/states';
import { Table } from '../ui/table';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

/** Everything that the broker is made of but messages: out into a file, and in from one. */
export function Definitions() {
  return (
    <AdminPage title="Definitions" tab="Definitions" right={isAdministrator}>
      {() => <Both />}
    </AdminPage>
  );
}

function Both() {
  useTopic('overview');
  const { data: names } = useResource('names of virtual hosts', calls.vhostNames, 15_000);
  const vhost = param('vhost');
  return (
    <>
      <div class="toolbar">
        <label class="check" for="definitions-vhost">
          Of
        </label>
        <select
          id="definitions-vhost"
          class="input select"
          value={vhost}
          onChange={(event) => setParams({ vhost: event.currentTarget.value })}
        >
          <option value="">the whole broker</option>
          {(names ?? []).map((name) => (
            <option key={name} value={name}>
              virtual host {visible(name)}
            </option>
          ))}
        </select>
      </div>
      <div class="cards admin-cards with-import">
        <Export vhost={vhost} />
        <Import key={vhost} vhost={vhost} />
      </div>
    </>
  );
}

/** Blanks the hashes in an export, where it stands: what is written otherwise stays as the server wrote it. */
export function withoutPasswords(definitions: string): string {
  // A quote inside a text is escaped, so that this is a member's name and never part of a value.
  return definitions
    .replace(/"password_hash":"(?:[^"\\]|\\.)*"/g, '"password_hash":""')
    .replace(/"leveret_password_hash":"(?:[^"\\]|\\.)*",/g, '');
}

function Export({ vhost }: { vhost: string }) {
  const [withHashes, setWithHashes] = useState(true);
  const { busy, error, run } = useAction(async () => {
    const text = await calls.exportDefinitions(vhost);
    const file = `definitions-${location.hostname}${vhost ? '-' + vhost.replace(/[^\w.-]+/g, '_') : ''}.json`;
    const content = withHashes ? text : withoutPasswords(text);
    save(content, file);
    notify('ok', `Exported ${bytes(new Blob([content]).size)} to ${file}`);
  });
  return (
    <section class="card">
      <h2>Export</h2>
      <p>
        {vhost
          ? 'Exchanges, queues, bindings, policies and parameters of this virtual host'
          : 'Users, virtual hosts, permissions, exchanges, queues, bindings, policies and parameters'}
        , as RabbitMQ writes and reads them. Messages are not in it.
      </p>
      {vhost ? null : (
        <label class="check">
          <input
            type="checkbox"
            checked={withHashes}
            onChange={(event) => setWithHashes(event.currentTarget.checked)}
          />
          With hashes of passwords
        </label>
      )}
      {error ? (
        <p class="form-error" role="alert">
          {error}
        </p>
      ) : null}
      <p class="card-actions">
        <button type="button" class="button primary" disabled={busy} onClick={run}>
          <Icon name="download" /> Export {vhost ? visible(vhost) : 'everything'}
        </button>
      </p>
      <p class="field-hint">
        <code>leveret definitions export{vhost ? ` --vhost ${visible(vhost)}` : ''} -o definitions.json</code>
      </p>
    </section>
  );
}

interface Checked {
  file: string;
  content: Blob;
  report: ImportReport;
}

function Import({ vhost }: { vhost: string }) {
  const [checked, setChecked] = useState<Checked | null>(null);
  const [keep, setKeep] = useState(false);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const attempt = (act: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    act()
      .catch((error: unknown) =>
        setFailure(error instanceof ApiError ? error : new ApiError(0, 'client', String(error))),
      )
      .finally(() => setBusy(false));
  };
  const check = (file: File) =>
    attempt(async () => {
      setChecked(null);
      setKeep(false);
      const report = await calls.importDefinitions(vhost, file, { dryRun: true });
      setChecked({ file: file.name, content: file, report });
    });
  const apply = ({ content, file }: Checked) =>
    attempt(async () => {
      const { counts } = await calls.importDefinitions(vhost, content, { keepConflicts: keep });
      notify('ok', `Imported ${visible(file)}: ${summary(counts)}`);
      setChecked(null);
    });
  const counts = checked?.report.counts;
  const work = counts ? counts.add + counts.change : 0;
  const blocked = counts ? counts.conflict > 0 && !keep : false;
  return (
    <section class="card">
      <h2>Import</h2>
      <p>All of it or none. First it is said what would be done; what the file does not name stays.</p>
      <label class="file">
        <span class="field-label">An export of Leveret or RabbitMQ</span>
        <input
          type="file"
          accept=".json,application/json"
          disabled={busy}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (file) check(file);
          }}
        />
      </label>
      {busy ? <p class="muted">{checked ? 'Importing…' : 'Looking at the file…'}</p> : null}
      {failure ? <Failure error={failure} /> : null}
      {checked && counts ? (
        <div class="plan">
          <h3>
            <Name value={checked.file} />: what an import would do
          </h3>
          <p class="plan-counts" role="status">
            {summary(counts)}
          </p>
          {checked.report.notes.map((note) => (
            <p key={note} class="tone-warn">
              <Icon name="warn" /> {visible(note)}
            </p>
          ))}
          <PlanTable report={checked.report} />
          {counts.conflict > 0 ? (
            <label class="check">
              <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
              Leave the {plural(counts.conflict, 'conflict')} as they are, and import the rest
            </label>
          ) : null}
          <p class="card-actions">
            <button
              type="button"
              class="button primary"
              disabled={busy || blocked || work === 0}
              onClick={() => apply(checked)}
            >
              {work === 0 ? 'Nothing to import' : `Import: add ${count(counts.add)}, change ${count(counts.change)}`}
            </button>
            <button type="button" class="button" onClick={() => setChecked(null)}>
              Leave it
            </button>
          </p>
          {blocked ? (
            <p class="field-hint">What is in conflict exists with other properties, and cannot be changed in place.</p>
          ) : null}
        </div>
      ) : null}
    </section>
  );
}

function summary(counts: ImportReport['counts']): string {
  const parts = [
    `${count(counts.add)} to add`,
    `${count(counts.change)} to change`,
    `${count(counts.same)} the same`,
    `${count(counts.conflict)} in conflict`,
  ];
  return parts.join(' · ');
}

const marks: Record<ImportAction, [string, string]> = {
  conflict: ['!', 'tone-danger'],
  change: ['~', 'tone-warn'],
  add: ['+', 'tone-ok'],
  same: ['=', 'zero'],
};
const order: ImportAction[] = ['conflict', 'change', 'add', 'same'];

function PlanTable({ report }: { report: ImportReport }) {
  const rows = report.objects
    .filter(({ action }) => action !== 'same')
    .sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action))
    .map((object, index) => ({ ...object, index }));
  if (rows.length === 0) return null;
  return (
    <div class="plan-table" tabIndex={0} role="region" aria-label="What would be done">
      <Table
        label="What would be done"
        rows={rows}
        rowKey={({ index }) => String(index)}
        columns={[
          {
            id: 'action',
            head: 'Action',
            width: '6.5rem',
            cell: ({ action }) => (
              <span class={marks[action][1]}>
                <span aria-hidden="true">{marks[action][0]} </span>
                {action}
              </span>
            ),
          },
          { id: 'kind', head: 'What', width: '9rem', class: 'p1', cell: ({ kind }) => kind.replaceAll('_', ' ') },
          {
            id: 'name',
            head: 'Name',
            class: 'main-cell',
            cell: ({ vhost, name, kind }) => (
              <>
                {vhost !== undefined && kind !== 'vhost' ? (
                  <span class="muted">
                    <Name value={vhost} />{' '}
                  </span>
                ) : null}
                <Name value={name} class="strong" />
              </>
            ),
          },
          {
            id: 'differences',
            head: 'Is → wanted',
            class: 'p1',
            cell: ({ differences }) => (
              <Name
                class="mono"
                value={
                  (differences ?? [])
                    .map(({ field, is, wanted }) => `${field}: ${JSON.stringify(is)} → ${JSON.stringify(wanted)}`)
                    .join(', ') || '-'
                }
              />
            ),
          },
        ]}
      />
    </div>
  );
}
