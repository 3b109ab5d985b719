import type { ApiError } from '../api/client';
import type { DeathGroup } from '../api/types';
import { go, param, withParams } from '../state/route';
import { count } from '../ui/format';
import { Link } from '../ui/link';
import { Reason } from '../ui/reason';
import { Failure } from '../ui/states';
import { Ago, Name, Text } from '../ui/text';

export type GroupKey = Pick<DeathGroup, 'reason' | 'queue' | 'error'>;

/** In the address, for messages that did not die but were published here. */
const noReason = 'none';

/** The group that the address names, if any. */
export function groupOfAddress(): GroupKey | null {
  const reason = param('reason');
  return reason
    ? { reason: reason === noReason ? '' : reason, queue: param('from'), error: param('error') || null }
    : null;
}

/** The query of an address that shows a group, or all. */
export const groupParams = (group: GroupKey | null) => ({
  reason: group ? group.reason || noReason : null,
  from: group?.queue ?? null,
  error: group?.error ?? null,
  sel: null,
});

export const isSameGroup = (a: GroupKey, b: GroupKey | null): boolean =>
  b !== null && a.reason === b.reason && a.queue === b.queue && (a.error ?? '') === (b.error ?? '');

/** The server's group for what is too diverse to group: nothing tells which messages are in it. */
const isRest = (group: DeathGroup): boolean => group.reason === '' && group.error === '(other)';

interface GroupsProps {
  groups: DeathGroup[] | null;
  scanned: number;
  total: number;
  current: GroupKey | null;
  error: ApiError | null;
  retry: () => void;
}

/** Why they died, most frequent first: one line per reason, original queue and error. */
export function Groups({ groups, scanned, total, current, error, retry }: GroupsProps) {
  if (error && !groups) return <Failure error={error} retry={retry} />;
  if (!groups || groups.length === 0) return null;
  const most = Math.max(...groups.map((group) => group.count), 1);
  const toggle = (group: DeathGroup) => withParams(groupParams(isSameGroup(group, current) ? null : group));
  return (
    <section class="groups" aria-label="Groups">
      <table class="table groups-table" aria-label="Groups by reason, original queue and error">
        <thead>
          <tr>
            <th scope="col" class="num group-count">
              Count
            </th>
            <th scope="col" class="group-reason">
              Reason
            </th>
            <th scope="col" class="group-queue p1">
              Original queue
            </th>
            <th scope="col">Error</th>
            <th scope="col" class="group-time p1">
              Last death
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr
              key={`${group.reason}\n${group.queue}\n${group.error}`}
              class={isSameGroup(group, current) ? 'open' : ''}
              onClick={(event) => {
                if (!isRest(group) && !(event.target as Element).closest('a')) go(toggle(group), { replace: true });
              }}
            >
              <td class="num group-count">
                <meter class="bar" min={0} max={most} value={group.count} aria-hidden="true" />
                <span class="strong group-figure">{count(group.count)}</span>
              </td>
              <td>
                <Reason reason={group.reason} />
              </td>
              <td class="p1">{group.queue ? <Name value={group.queue} /> : null}</td>
              <td class="main-cell">
                {isRest(group) ? (
                  <span class="muted">other errors</span>
                ) : (
                  <Link
                    to={toggle(group)}
                    replace
                    class="row-link one-line"
                    aria-current={isSameGroup(group, current) ? 'true' : undefined}
                  >
                    {group.error ? <Text value={group.error} /> : <span class="muted">no error header</span>}
                  </Link>
                )}
              </td>
              <td class="p1">
                <Ago ms={group.last_time * 1000} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {scanned < total ? (
        <p class="note">
          Grouped the first {count(scanned)} of {count(total)} messages.
        </p>
      ) : null}
    </section>
  );
}
