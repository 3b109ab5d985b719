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

interface FormProps {
  title: ComponentChildren;
  /** The button: verb, count and target. */
  action: ComponentChildren;
  onSubmit: () => Promise<void>;
  onClose: () => void;
  /** Why it cannot be sent yet; the button waits. */
  disabled?: boolean;
  /** It takes something away. */
  danger?: boolean;
  wide?: boolean;
  children: ComponentChildren;
}

/** A dialog that is a form: Enter sends it, what the server says against it stands in it. */
export function FormDialog({ title, action, onSubmit, onClose, children, ...is }: FormProps) {
  const { busy, error, run } = useAction(onSubmit);
  return (
    <Dialog title={title} onClose={onClose} class={is.wide ? 'wide' : ''}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!is.disabled) run();
        }}
      >
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
          <button type="submit" class={`button ${is.danger ? 'danger' : 'primary'}`} disabled={is.disabled || busy}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

type ConfirmProps = Pick<FormProps, 'title' | 'action' | 'onClose' | 'children'> & {
  onConfirm: () => Promise<void>;
};

/** For what takes something away that is easily made again: says what, and asks once. */
export function Confirm({ onConfirm, ...form }: ConfirmProps) {
  return <FormDialog danger onSubmit={onConfirm} {...form} />;
}

/** For what cannot be undone: says what is lost and asks for the object's name. */
export function ConfirmByName({ name, onConfirm, children, ...form }: ConfirmProps & { name: string }) {
  const [typed, setTyped] = useState('');
  const id = useId();
  return (
    <FormDialog danger disabled={typed !== name} onSubmit={onConfirm} {...form}>
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
    </FormDialog>
  );
}
