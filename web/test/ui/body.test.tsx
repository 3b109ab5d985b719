// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { Body } from '../../src/ui/body';
import { Values } from '../../src/ui/values';
import { message } from '../support/fixtures';
import { show } from '../support/show';

const hostile = [
  '<img src=x onerror="window.hit=1">',
  '<script>window.hit=1</script>',
  '</pre></section><svg onload=window.hit=1>',
  'javascript:window.hit=1',
  '{"<img src=x onerror=window.hit=1>":"<script>window.hit=1</script>"}',
  '[["</details><iframe srcdoc=x>"]]',
];

test('no body becomes markup', async () => {
  for (const payload of hostile) {
    const element = await show(<Body message={message({ payload, payload_bytes: payload.length })} />);
    expect(element.querySelector('img, script, iframe, svg[onload], a[href]'), payload).toBe(null);
    const code = element.querySelector('.code')?.textContent ?? '';
    expect(code.replace(/\s|\d+ (fields?|items?) [}\]]/g, ''), payload).toBe(payload.replace(/\s/g, ''));
    element.remove();
  }
  expect((window as unknown as { hit?: number }).hit).toBe(undefined);
});

test('no header becomes markup', async () => {
  const element = await show(
    <Values label="Headers" empty="" values={{ '<b>name</b>': '<i>value</i>', table: { '<u>': ['<s>', null] } }} />,
  );
  expect(element.querySelector('b, i, u, s')).toBe(null);
  expect(element.textContent).toContain('<b>name</b>string<i>value</i>');
});

test('JSON is a tree, its hidden characters are marks', async () => {
  const payload = '{"a":"x\u202Ey","n":12345678901234567890}';
  const element = await show(<Body message={message({ payload, payload_bytes: 40 })} />);
  expect(element.querySelector('.json-key')?.textContent).toBe('"a"');
  expect(element.querySelector('.mark')?.textContent).toBe('RLO');
  expect(element.querySelector('.json-number')?.textContent).toBe('12345678901234567890');
});

test('bytes are shown as bytes', async () => {
  const element = await show(
    <Body message={message({ payload: btoa('<b>\x00'), payload_encoding: 'base64', payload_bytes: 4 })} />,
  );
  expect(element.querySelector('.hex-bytes')?.textContent).toBe('3c 62 3e 00');
  expect(element.querySelector('.hex-ascii')?.textContent).toBe('<b>.');
  expect([...element.querySelectorAll('.segments button')].map((button) => button.textContent)).toEqual(['Bytes']);
});

test('text that only looks like JSON is text', async () => {
  const element = await show(<Body message={message({ payload: '{oops', payload_bytes: 5 })} />);
  expect(element.querySelector('pre.code')?.textContent).toBe('{oops');
});

test('a cut body says so', async () => {
  const element = await show(
    <Body
      message={message({ payload: 'abc', payload_bytes: 3_145_728, truncated: true })}
      loadWhole={() => undefined}
    />,
  );
  expect(element.querySelector('.note')?.textContent).toContain('first part of 3 MiB');
});
