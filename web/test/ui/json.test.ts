import { expect, test } from 'vitest';
import { readJson } from '../../src/ui/json';

test('literals stay as they were written', () => {
  expect(readJson('[12345678901234567890123, 1.0, -0, 1e3, "\\u202e", true, null]')).toEqual({
    kind: 'array',
    items: [
      { kind: 'number', raw: '12345678901234567890123' },
      { kind: 'number', raw: '1.0' },
      { kind: 'number', raw: '-0' },
      { kind: 'number', raw: '1e3' },
      { kind: 'string', raw: '"\\u202e"' },
      { kind: 'word', raw: 'true' },
      { kind: 'word', raw: 'null' },
    ],
  });
});

test('keys keep their order, also twice the same and __proto__', () => {
  const node = readJson('{"b":1,"a":{},"b":2,"__proto__":[]}');
  expect(node?.kind === 'object' && node.entries.map((entry) => entry.key)).toEqual([
    '"b"',
    '"a"',
    '"b"',
    '"__proto__"',
  ]);
});

test('agrees with JSON.parse on what is JSON', () => {
  const texts = [
    '',
    ' ',
    '{',
    '{}',
    ' {} ',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[,]',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    'nul',
    'nulll',
    '"',
    '"\\x"',
    '"\\u12"',
    '"a\nb"',
    "{'a':1}",
    '[1 2]',
    '{} {}',
    '[[[]]]',
    '"\\"',
    '-',
    '1e+5',
    '\uFEFF1',
    '[\u00a0]',
    'NaN',
    '{"a":1,"b":[true,false,null]}',
  ];
  for (const text of texts) {
    let valid = true;
    try {
      JSON.parse(text);
    } catch {
      valid = false;
    }
    expect(readJson(text) !== null, JSON.stringify(text)).toBe(valid);
  }
});

test('too deep is not shown as a tree', () => {
  expect(readJson('['.repeat(100_000))).toBe(null);
  expect(readJson('['.repeat(150) + ']'.repeat(150))).not.toBe(null);
});
