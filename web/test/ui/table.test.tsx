// @vitest-environment happy-dom
import { act } from 'preact/test-utils';
import { expect, test, vi } from 'vitest';
import { byNumber, byText, Table, type Column } from '../../src/ui/table';
import { show } from '../support/show';

interface Row {
  name: string;
  depth: number;
}

const columns: Column<Row>[] = [
  { id: 'name', head: 'Name', compare: byText((row) => row.name), cell: (row) => row.name },
  { id: 'depth', head: 'Depth', numeric: true, compare: byNumber((row) => row.depth), cell: (row) => row.depth },
];
const rows: Row[] = [
  { name: 'q10', depth: 1 },
  { name: 'q9', depth: 5 },
  { name: 'q1', depth: 1 },
];
const names = (element: HTMLElement) =>
  [...element.querySelectorAll('tbody td:first-child')].map((cell) => cell.textContent);

test('sorts by a column, numbers in names as numbers, and says so', async () => {
  const element = await show(
    <Table
      label="t"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.name}
      sort={{ column: 'name', descending: false }}
      onSort={() => undefined}
    />,
  );
  expect(names(element)).toEqual(['q1', 'q9', 'q10']);
  expect(element.querySelector('th')?.getAttribute('aria-sort')).toBe('ascending');
});

test('a click asks for the other order, numbers largest first', async () => {
  const onSort = vi.fn();
  const element = await show(
    <Table
      label="t"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.name}
      sort={{ column: 'name', descending: false }}
      onSort={onSort}
    />,
  );
  for (const button of element.querySelectorAll('button')) await act(() => button.click());
  expect(onSort.mock.calls.map(([sort]) => sort)).toEqual([
    { column: 'name', descending: true },
    { column: 'depth', descending: true },
  ]);
});

test('of ten thousand rows only those in sight are drawn', async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ name: `q${i}`, depth: i }));
  const element = await show(<Table label="t" columns={columns} rows={many} rowKey={(row) => row.name} />);
  expect(element.querySelectorAll('tbody tr').length).toBeLessThan(130);
  expect(element.querySelector('table')?.getAttribute('aria-rowcount')).toBe('10001');
});
