import { visible } from './visible';

const words: Record<string, string> = {
  rejected: 'rejected',
  expired: 'expired',
  maxlen: 'queue full',
  delivery_limit: 'delivery limit',
};

/** Why a message died: a word with a colour, never a colour alone. Without a reason it did not die. */
export function Reason({ reason }: { reason: string }) {
  if (!reason) return <span class="muted">published here</span>;
  return <span class={`reason reason-${reason in words ? reason : 'other'}`}>{words[reason] ?? visible(reason)}</span>;
}
