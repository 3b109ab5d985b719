import { alarms, type Alarm } from '../state/alarms';
import { isAdministrator, isMonitor } from '../state/rights';
import { bytes } from './format';
import { Icon } from './icons';
import { Link } from './link';
import { visible } from './visible';

/** Of an alarm: what is wrong, and what to do about it. */
export function explain({ resource, node }: Alarm): { reason: string; remedy: string } {
  switch (resource) {
    case 'memory':
      return {
        reason: node
          ? `The broker uses ${bytes(node.mem_used)} of memory, and may use ${bytes(node.mem_limit)}.`
          : 'The broker uses more memory than it may.',
        remedy: 'Let consumers catch up, close connections that hold many unacked messages, or raise the memory limit.',
      };
    case 'disk':
      return {
        reason: node
          ? `${bytes(node.disk_free)} of disk space are free${node.disk_free_limit > 0 ? `, less than the ${bytes(node.disk_free_limit)} that have to be` : ''}.`
          : 'There is too little free disk space.',
        remedy: `Make room on the disk${node?.db_dir ? ` of ${visible(node.db_dir)}` : ''}, purge queues that nobody needs, or lower the limit.`,
      };
    default:
      return { reason: `An alarm is in effect: ${visible(resource)}.`, remedy: "Look into the broker's log." };
  }
}

/** Over every page while the broker blocks publishers: why, and what to do. Consumers go on meanwhile. */
export function AlarmBanner() {
  if (alarms.value.length === 0) return null;
  return (
    <section class="alarm" aria-label="Alarm">
      {/* Said once; the figures below change all the time. */}
      <span class="visually-hidden" role="alert">
        Publishers are blocked: {alarms.value.map(({ resource }) => resource).join(', ')}
      </span>
      {alarms.value.map((alarm, i) => {
        const { reason, remedy } = explain(alarm);
        return (
          <p key={alarm.resource}>
            <Icon name="warn" />
            <span>
              {i === 0 ? <strong>Publishers are blocked. </strong> : null}
              {reason} {remedy}
            </span>
          </p>
        );
      })}
      <p class="alarm-links">
        <Link to="/ui/connections?sort=state">Blocked connections</Link>
        <Link to="/ui/queues?sort=-ready">Longest queues</Link>
        {isMonitor.value ? <Link to="/ui/overview">Node</Link> : null}
        {isAdministrator.value ? <Link to="/ui/settings?q=alarms.">Limits</Link> : null}
      </p>
    </section>
  );
}
