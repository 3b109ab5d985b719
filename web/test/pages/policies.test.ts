// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { parseDefinition } from '../../src/pages/policies';
import { readLimit, readTags } from '../../src/ui/form';

test('a definition is an object, and what is wrong is told', () => {
  expect(parseDefinition('{"max-length": 3}')).toEqual({ 'max-length': 3 });
  expect(() => parseDefinition('{"max-length": ')).toThrow('The definition is not JSON');
  for (const text of ['[]', 'null', '3', '"x"']) expect(() => parseDefinition(text)).toThrow('has to be a JSON object');
});

test('a limit is a whole number or none, and tags are cut at commas', () => {
  expect(readLimit('Queues', ' 12 ')).toBe(12);
  expect(readLimit('Queues', '')).toBeNull();
  for (const text of ['many', '1.5', '1e3']) expect(() => readLimit('Queues', text)).toThrow('Queues has to be');
  expect(readTags(' a, b ,,')).toEqual(['a', 'b']);
});
