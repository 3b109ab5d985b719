import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { asApiError } from '../state/resource';
import { Icon } from './icons';

interface DialogProps {
  title: ComponentChildren;
  children: ComponentChildren;
  /** Called for Escape and the close button; without it the dialog cannot be left. */
  onClose?: () => void;
  class?: string;
}

/** A modal dialog: the browser's own, which keeps the focus inside and gives it back afterwards. */
export function Dialog({ title, children, onClose, class: extra = '' }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${extra}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        {onClose ? (
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        ) : null}
      </header>
      {children}
    </dialog>
  );
}

/** Runs an action once at a time and keeps what went wrong, for a form to show. */
export function useAction(action: () => Promise<void>): { busy: boolean; error: string; run: () => void } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const run = () => {
    if (busy) return;
    setBusy(true);
    setError('');
    action()
      .catch((failure: unknown) => setError(asApiError(failure).message))
      .finally(() => setBusy(false));
  };
  return { busy, error, run };
}

interface ConfirmProps {
  title: string;
  /** What will be lost, in full sentences. */
  children: ComponentChildren;
  /** What must be typed to go on. */
  name: string;
  /** The button: verb, count and target. */
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** For what cannot be undone: says what is lost and asks for the object's name. */
export function ConfirmByName({ title, children, name, action, onConfirm, onClose }: ConfirmProps) {
  const [typed, setTyped] = useState('');
  const { busy, error, run } = useAction(onConfirm);
  const id = useId();
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === name) run();
        }}
      >
        <div class="dialog-body">
          {children}
          <label for={id} class="field-label">
            Type <code class="wrap">{name}</code> to confirm
          </label>
          <input
            id={id}
            class="input mono"
            value={typed}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
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
          <button type="submit" class="button danger" disabled={typed !== name || busy}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
