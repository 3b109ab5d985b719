import { expect, test } from 'vitest';
import { parseHeaders } from '../../src/pages/publish';

test('headers are a JSON object or nothing', () => {
  expect(parseHeaders('  ')).toEqual({});
  expect(parseHeaders('{"tenant":"acme","n":1}')).toEqual({ tenant: 'acme', n: 1 });
  for (const bad of ['[1]', '"x"', 'null', '3']) expect(() => parseHeaders(bad)).toThrow('must be a JSON object');
  expect(() => parseHeaders('{oops')).toThrow('not JSON');
});
