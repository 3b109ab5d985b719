import { useMemo, useState } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Setting, SettingsChange } from '../api/types';
import { useKeys } from '../state/keys';
import { useTopic } from '../state/live';
import { notify } from '../state/notices';
import { useResource } from '../state/resource';
import { isAdministrator } from '../state/rights';
import { formatSort, param, parseSort, setParams } from '../state/route';
import { AdminPage } from '../ui/admin';
import { Confirm, FormDialog } from '../ui/dialog';
import { Field } from '../ui/form';
import { count } from '../ui/format';
import { Icon } from '../ui/icons';
import { Empty, Failure, Skeleton } from '../ui/states';
import { byText, Table, type Column } from '../ui/table';
import { Name } from '../ui/text';
import { visible } from '../ui/visible';

/** As the command line and the environment write it. */
export function valueText(value: Setting['value']): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

const isChanged = (row: Setting) => JSON.stringify(row.value) !== JSON.stringify(row.default);
/** What the server calls a value that was set while it runs. */
const isRuntime = (row: Setting) => row.origin === 'set while running';

/** Tells what a change came to. */
function tell({ changed, waiting }: SettingsChange): void {
  const lines = [
    ...changed.map(({ name, from, to }) => `${name} is now ${valueText(to)}, was ${valueText(from)}`),
    ...waiting.map(
      ({ name, from, to }) => `${name} will be ${valueText(to)} from the next start on; until then ${valueText(from)}`,
    ),
  ];
  if (lines.length === 0) notify('ok', 'Nothing has changed');
  else if (lines.length === 1) notify(waiting.length ? 'warn' : 'ok', lines[0] ?? '');
  else notify(waiting.length ? 'warn' : 'ok', `${lines.length} settings have changed`, lines);
}

/** Every setting: its value, where it comes from, and when a change takes effect. */
export function Settings() {
  return (
    <AdminPage title="Settings" tab="Settings" right={isAdministrator}>
      {() => <SettingList />}
    </AdminPage>
  );
}

function columns(act: (row: Setting, verb: 'set' | 'unset') => void): Column<Setting>[] {
  return [
    {
      id: 'name',
      head: 'Setting',
      class: 'main-cell',
      compare: byText((row) => row.name),
      cell: (row) => (
        <button type="button" class="link-button row-link mono" onClick={() => act(row, 'set')}>
          {row.name}
        </button>
      ),
    },
    {
      id: 'value',
      head: 'Value',
      cell: (row) => (
        <>
          <Name value={valueText(row.value) || 'none'} class={isChanged(row) ? 'mono strong' : 'mono muted'} />
          {row.waits_for_restart ? (
            <span class="tone-warn" title="Another value takes its place when the broker starts the next time">
              {' '}
              <Icon name="warn" /> restart
            </span>
          ) : null}
        </>
      ),
    },
    {
      id: 'default',
      head: 'Default',
      class: 'p2',
      cell: (row) => <Name value={valueText(row.default) || 'none'} class="mono muted" />,
    },
    {
      id: 'origin',
      head: 'Comes from',
      class: 'p1',
      compare: byText((row) => row.origin),
      cell: (row) => (row.origin === 'default' ? <span class="zero">default</span> : <Name value={row.origin} />),
    },
    {
      id: 'live',
      head: 'Changes',
      width: '8rem',
      class: 'p1',
      compare: byText((row) => String(row.live)),
      cell: (row) => (row.live ? 'at once' : <span class="muted">at a restart</span>),
    },
    {
      id: 'actions',
      head: <span class="visually-hidden">Actions</span>,
      numeric: true,
      width: '6rem',
      cell: (row) =>
        isRuntime(row) ? (
          <button
            type="button"
            class="link-button quiet"
            aria-label={`Unset… ${row.name}`}
            onClick={() => act(row, 'unset')}
          >
            Unset…
          </button>
        ) : null,
    },
  ];
}

function SettingList() {
  useTopic('overview');
  const { data, error, reload } = useResource('settings', calls.settings, 10_000);
  const [open, setOpen] = useState<{ verb: 'set' | 'unset' | 'reload'; row: Setting | null } | null>(null);
  const filter = param('q');
  const changedOnly = param('show') === 'changed';
  const sortText = param('sort');
  const sort = useMemo(() => parseSort(sortText, { column: '', descending: false }), [sortText]);
  const shown = useMemo(() => columns((row, verb) => setOpen({ row, verb })), []);
  useKeys({
    '/': (event) => {
      event.preventDefault();
      document.querySelector<HTMLElement>('main input[type=search]')?.focus();
    },
  });
  const needle = filter.toLowerCase();
  const rows = (data ?? []).filter((row) => (!needle || row.name.includes(needle)) && (!changedOnly || isChanged(row)));
  const close = () => setOpen(null);
  const done = (change: SettingsChange) => {
    tell(change);
    close();
    reload();
  };
  if (error && !data) return <Failure error={error} retry={reload} />;
  if (!data) return <Skeleton rows={12} />;
  return (
    <>
      <div class="toolbar">
        <div class="search">
          <Icon name="search" />
          <input
            type="search"
            class="input"
            placeholder="Filter by name"
            aria-label="Filter settings by name"
            value={filter}
            onInput={(event) => setParams({ q: event.currentTarget.value })}
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={changedOnly}
            onChange={(event) => setParams({ show: event.currentTarget.checked && 'changed' })}
          />
          Only changed ones
        </label>
        <button type="button" class="button" onClick={() => setOpen({ verb: 'reload', row: null })}>
          <Icon name="refresh" /> Reload…
        </button>
        <span class="spacer" />
        <span class="muted">
          {rows.length === data.length ? count(data.length) : `${count(rows.length)} of ${count(data.length)}`} settings
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title={changedOnly && !filter ? 'Every setting has its default' : 'No setting matches'}>
          <button type="button" class="button" onClick={() => setParams({ q: null, show: null })}>
            Show all
          </button>
        </Empty>
      ) : (
        <Table
          label="Settings"
          columns={shown}
          rows={rows}
          rowKey={(row) => row.name}
          sort={sort}
          onSort={(next) => setParams({ sort: formatSort(next) })}
        />
      )}
      {open?.verb === 'set' && open.row ? <SetForm row={open.row} onClose={close} onDone={done} /> : null}
      {open?.verb === 'unset' && open.row ? (
        <Confirm
          title={`Unset ${open.row.name}`}
          action={`Unset ${open.row.name}`}
          onClose={close}
          onConfirm={async () => done(await calls.unsetSetting(open.row?.name ?? ''))}
        >
          <p>The value that was set while the broker runs goes; file, environment or default hold again.</p>
        </Confirm>
      ) : null}
      {open?.verb === 'reload' ? (
        <Confirm
          title="Reload the settings"
          action="Reload"
          onClose={close}
          onConfirm={async () => done(await calls.reloadSettings())}
        >
          <p>
            File and environment are read again, as on SIGHUP. What changes at once does; what cannot is told, and waits
            for a restart.
          </p>
        </Confirm>
      ) : null}
    </>
  );
}

interface SetProps {
  row: Setting;
  onClose: () => void;
  onDone: (change: SettingsChange) => void;
}

function SetForm({ row, onClose, onDone }: SetProps) {
  const [value, setValue] = useState(valueText(row.value));
  return (
    <FormDialog
      title={
        <>
          Set <code>{row.name}</code>
        </>
      }
      action={`Set ${row.name}`}
      onClose={onClose}
      onSubmit={async () => onDone(await calls.setSetting(row.name, value))}
    >
      <Field
        label="Value"
        mono
        value={value}
        onValue={setValue}
        {...(typeof row.default === 'boolean' ? { options: ['true', 'false'] } : {})}
        hint={
          <>
            {Array.isArray(row.default) ? 'Several, with commas. ' : ''}Default:{' '}
            <code>{valueText(row.default) || 'none'}</code>; it comes from: {visible(row.origin)}
          </>
        }
      />
      <p class={row.live ? 'field-hint' : 'tone-warn'}>
        {row.live ? (
          'Takes effect at once, and holds until the broker ends. To keep it, write it into the configuration file.'
        ) : (
          <>
            <Icon name="warn" /> Changes at a restart only, and what is set here does not outlive one: write it into the
            configuration file.
          </>
        )}
      </p>
    </FormDialog>
  );
}
