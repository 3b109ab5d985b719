// @vitest-environment happy-dom
import { render } from 'preact';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { startKeys, useKeys } from '../../src/state/keys';

const seen: string[] = [];

function Page() {
  useKeys({ 'g d': () => seen.push('g d'), d: () => seen.push('d') });
  return null;
}

const press = (...keys: string[]) => {
  for (const key of keys) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
};

beforeAll(() => {
  startKeys();
  render(<Page />, document.body);
});
afterEach(() => void seen.splice(0));

test('two keys in turn, however fast they follow', () => {
  press('g', 'd');
  expect(seen).toEqual(['g d']);
});

test('another key between them makes them two', () => {
  press('g', 'x', 'd');
  expect(seen).toEqual(['d']);
});
