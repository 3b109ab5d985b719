import { computed } from '@preact/signals';
import { tags } from './session';

// What the page offers by the user's tags, as the server has them (server/http/authorization.h). The server decides;
// this only keeps from offering what it would refuse.
const has = (...wanted: string[]) => computed(() => (tags.value ?? []).some((tag) => wanted.includes(tag)));

export const isAdministrator = has('administrator');
export const isPolicymaker = has('administrator', 'policymaker');
/** Sees the node and all virtual hosts. */
export const isMonitor = has('administrator', 'monitoring');
