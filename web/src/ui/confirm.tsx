import type { ComponentChildren } from 'preact';
import { Dialog, useAction } from './dialog';

interface ConfirmProps {
  title: ComponentChildren;
  /** What it means, in full sentences. */
  children: ComponentChildren;
  /** The button: verb and target. */
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** For what takes something away that is easily made again: says what, and asks once. */
export function Confirm({ title, children, action, onConfirm, onClose }: ConfirmProps) {
  const { busy, error, run } = useAction(onConfirm);
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        {children}
        {error ? (
          <p class="form-error" role="alert">
            {error}
          </p>
        ) : null}
      </div>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={run}>
          {action}
        </button>
      </footer>
    </Dialog>
  );
}
