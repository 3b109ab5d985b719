import * as calls from '../api/calls';
import { useResource } from '../state/resource';
import { param, setParams } from '../state/route';
import { visible } from './visible';

export interface VhostChoice {
  /** The virtual host of the address; empty for all. */
  chosen: string;
  names: string[];
  /** Whether rows have to say where they belong. */
  isColumn: boolean;
}

/** The virtual hosts that a list can be limited to, and the one that it is. */
export function useVhostFilter(): VhostChoice {
  const chosen = param('vhost');
  const { data } = useResource('names of virtual hosts', calls.vhostNames, 15_000);
  return { chosen, names: data ?? [], isColumn: !chosen && (data?.length ?? 0) > 1 };
}

/** Chooses one of several; with a single one there is nothing to choose. */
export function VhostFilter({ vhosts }: { vhosts: VhostChoice }) {
  if (vhosts.names.length < 2 && !vhosts.chosen) return null;
  const names =
    vhosts.names.includes(vhosts.chosen) || !vhosts.chosen ? vhosts.names : [vhosts.chosen, ...vhosts.names];
  return (
    <select
      class="input select"
      aria-label="Virtual host"
      value={vhosts.chosen}
      onChange={(event) => setParams({ vhost: event.currentTarget.value, page: null })}
    >
      <option value="">All virtual hosts</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {visible(name)}
        </option>
      ))}
    </select>
  );
}
