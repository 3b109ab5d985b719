import { readTags, Field } from './form';
import { visible } from './visible';

/** What the broker gives the bearer of a tag. */
const meanings: [string, string][] = [
  ['administrator', 'may do everything, on every page'],
  ['monitoring', 'sees all virtual hosts, connections and the node'],
  ['policymaker', 'makes policies in his virtual hosts'],
  ['management', 'logs in here, and sees his virtual hosts'],
];

/** Tags as marks. */
export function Tags({ tags }: { tags: string[] }) {
  if (tags.length === 0) return <span class="zero">none</span>;
  return (
    <span class="tag-list">
      {tags.map((tag) => (
        <span key={tag} class={`tag ${tag === 'administrator' ? 'tag-strong' : ''}`}>
          <bdi>{visible(tag)}</bdi>
        </span>
      ))}
    </span>
  );
}

/** Chooses tags: the four that mean something, and any others as text. */
export function TagsField({ tags, onTags }: { tags: string[]; onTags: (tags: string[]) => void }) {
  const known = meanings.map(([tag]) => tag);
  const others = tags.filter((tag) => !known.includes(tag));
  return (
    <fieldset class="choices">
      <legend class="field-label">Tags</legend>
      {meanings.map(([tag, words]) => (
        <label key={tag} class="check choice">
          <input
            type="checkbox"
            checked={tags.includes(tag)}
            onChange={(event) =>
              onTags(event.currentTarget.checked ? [...tags, tag] : tags.filter((other) => other !== tag))
            }
          />
          <span>
            {tag} <span class="muted">– {words}</span>
          </span>
        </label>
      ))}
      <Field
        label="Other tags"
        value={others.join(', ')}
        onValue={(text) => onTags([...tags.filter((tag) => known.includes(tag)), ...readTags(text)])}
        hint="With commas; without one of the four a user works by AMQP only"
      />
    </fieldset>
  );
}
