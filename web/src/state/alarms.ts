import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as calls from '../api/calls';
import type { Node } from '../api/types';
import { useResource } from './resource';
import { isMonitor } from './rights';
import { tags } from './session';

/** Why publishers are blocked: the resource, and for whoever may see the node, its figures. */
export interface Alarm {
  resource: string;
  node: Node | null;
}

/** The node, for whoever may see it. */
export const node = signal<Node | null>(null);
const resources = signal<string[]>([]);

const byNode: [keyof Node, string][] = [
  ['mem_alarm', 'memory'],
  ['disk_free_alarm', 'disk'],
];

/** The alarms in effect; publishers are blocked while there is one. */
export const alarms = computed<Alarm[]>(() => {
  const here = node.value;
  const names = here ? byNode.filter(([field]) => here[field] === true).map(([, name]) => name) : resources.value;
  return names.map((resource) => ({ resource, node: here }));
});

const every = 3_000;

/** Keeps the node and its alarms fresh while the dashboard is visible and live. Called once. */
export function useAlarms(): void {
  const known = tags.value !== null;
  const monitor = isMonitor.value;
  const { data } = useResource(
    `alarms ${known} ${monitor}`,
    async (signal) => {
      if (!known) return null;
      if (monitor) return { nodes: await calls.nodes(signal), resources: [] };
      return { nodes: [], resources: await calls.alarms(signal) };
    },
    every,
  );
  useEffect(() => {
    if (!known) {
      node.value = null;
      resources.value = [];
    }
    if (!data) return;
    node.value = data.nodes[0] ?? null;
    resources.value = data.resources;
  }, [data, known]);
}
