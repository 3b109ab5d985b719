import { expect, test } from 'vitest';
import { listQuery } from '../../src/api/list';

test('only what is chosen is asked for', () => {
  expect(listQuery({ page: 1 })).toBe('page=1&page_size=100');
  expect(
    listQuery({
      page: 3,
      name: '^a&b',
      pattern: true,
      sort: 'x.y',
      descending: true,
      nonEmpty: true,
      columns: ['a', 'b'],
    }),
  ).toBe('page=3&page_size=100&name=%5Ea%26b&use_regex=true&sort=x.y&sort_reverse=true&non_empty=true&columns=a%2Cb');
  expect(listQuery({ page: 1, name: '', pattern: true })).toBe('page=1&page_size=100');
});
