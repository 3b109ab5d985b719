import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  /** What may stand in it, shown under it. */
  hint?: ComponentChildren;
  value: string;
  onValue: (value: string) => void;
  type?: 'text' | 'password' | 'number';
  mono?: boolean;
  required?: boolean;
  autocomplete?: string;
  placeholder?: string;
  /** Values to choose from, or others. */
  options?: readonly string[];
}

export function Field({ label, hint, value, onValue, type = 'text', mono, options, ...rest }: FieldProps) {
  const id = useId();
  return (
    <>
      <label class="field-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        class={`input ${mono ? 'mono' : ''}`}
        type={type}
        value={value}
        spellcheck={false}
        autocapitalize="none"
        {...(hint ? { 'aria-describedby': `${id}-hint` } : {})}
        {...(options ? { list: `${id}-options` } : {})}
        autocomplete={rest.autocomplete ?? 'off'}
        required={rest.required ?? false}
        placeholder={rest.placeholder}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {options ? (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      ) : null}
      {hint ? (
        <p id={`${id}-hint`} class="field-hint">
          {hint}
        </p>
      ) : null}
    </>
  );
}

interface SelectProps {
  label: string;
  hint?: ComponentChildren;
  value: string;
  onValue: (value: string) => void;
  /** Values and what they are called. */
  options: readonly (readonly [string, string])[];
}

export function SelectField({ label, hint, value, onValue, options }: SelectProps) {
  const id = useId();
  return (
    <>
      <label class="field-label" for={id}>
        {label}
      </label>
      <select id={id} class="input" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
      {hint ? <p class="field-hint">{hint}</p> : null}
    </>
  );
}

/** A whole number, or nothing: the empty text. Throws what is wrong. */
export function readLimit(label: string, text: string): number | null {
  if (!text.trim()) return null;
  if (!/^-?\d{1,15}$/.test(text.trim())) throw new Error(`${label} has to be a whole number, or empty for none.`);
  return Number(text);
}

/** "a, b" → ["a", "b"] */
export function readTags(text: string): string[] {
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean);
}
