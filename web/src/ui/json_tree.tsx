import { useState } from 'preact/hooks';
import type { Node } from './json';
import { Text } from './text';

/** Lists longer than this are shown in pieces. */
const pageSize = 200;

function Scalar({ node }: { node: Extract<Node, { raw: string }> }) {
  return (
    <span class={`json-${node.kind}`}>
      <Text value={node.raw} />
    </span>
  );
}

interface BranchProps {
  node: Node;
  label?: string;
  depth: number;
  last: boolean;
}

function Branch({ node, label, depth, last }: BranchProps) {
  const [shown, setShown] = useState(pageSize);
  const name =
    label === undefined ? null : (
      <>
        <span class="json-key">
          <Text value={label} />
        </span>
        {': '}
      </>
    );
  const comma = last ? '' : ',';
  if (node.kind !== 'object' && node.kind !== 'array') {
    return (
      <div class="json-line">
        {name}
        <Scalar node={node} />
        {comma}
      </div>
    );
  }
  const [opening, closing] = node.kind === 'object' ? ['{', '}'] : ['[', ']'];
  const children =
    node.kind === 'object'
      ? node.entries.map(({ key, value }) => ({ label: key, value }))
      : node.items.map((value) => ({ label: undefined, value }));
  if (children.length === 0) {
    return (
      <div class="json-line">
        {name}
        {opening}
        {closing}
        {comma}
      </div>
    );
  }
  return (
    <details class="json-branch" open={depth < 4 || undefined}>
      <summary>
        {name}
        {opening}
        <span class="json-fold">
          {' '}
          {children.length}{' '}
          {node.kind === 'object'
            ? children.length === 1
              ? 'field'
              : 'fields'
            : children.length === 1
              ? 'item'
              : 'items'}{' '}
          {closing}
          {comma}
        </span>
      </summary>
      <div class="json-children">
        {children.slice(0, shown).map((child, i) => (
          <Branch
            key={i}
            node={child.value}
            {...(child.label === undefined ? {} : { label: child.label })}
            depth={depth + 1}
            last={i === children.length - 1}
          />
        ))}
        {shown < children.length ? (
          <button type="button" class="link-button" onClick={() => setShown(shown + pageSize * 5)}>
            {children.length - shown} more
          </button>
        ) : null}
      </div>
      <div class="json-line">
        {closing}
        {comma}
      </div>
    </details>
  );
}

/** JSON as a tree that folds; literals exactly as they were written. */
export function JsonTree({ node }: { node: Node }) {
  return (
    <div class="json">
      <Branch node={node} depth={0} last />
    </div>
  );
}
