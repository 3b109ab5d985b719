import type { Json, JsonObject } from '../api/types';
import { readJson } from './json';
import { JsonTree } from './json_tree';
import { Name, Text } from './text';
import { Empty } from './states';

/** The kind of a header's value, in AMQP's words as far as JSON still knows them. */
export function typeName(value: Json): string {
  if (value === null) return 'void';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'double';
    default:
      return 'table';
  }
}

function Value({ value }: { value: Json }) {
  if (value !== null && typeof value === 'object') {
    const node = readJson(JSON.stringify(value));
    return node ? <JsonTree node={node} /> : null;
  }
  return <Text value={String(value)} />;
}

/** Names, types and values of a table: properties, headers, arguments. */
export function Values({ label, values, empty }: { label: string; values: JsonObject; empty: string }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return <Empty title={empty} />;
  return (
    <table class="values" aria-label={label}>
      <colgroup>
        <col class="values-name" />
        <col class="values-type" />
        <col />
      </colgroup>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Type</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">
              <Name value={name} />
            </th>
            <td class="type">{typeName(value)}</td>
            <td class="value">
              <Value value={value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
