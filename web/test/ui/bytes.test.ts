import { expect, test } from 'vitest';
import { hexLines, isBinary, payloadBytes } from '../../src/ui/bytes';

test('bytes as hexdump has them', () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, i) => (i === 17 ? 255 : 0x41 + i));
  expect(hexLines(bytes)).toEqual([
    { offset: '00000000', hex: '41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50', ascii: 'ABCDEFGHIJKLMNOP' },
    { offset: '00000010', hex: '51 ff', ascii: 'Q.' },
  ]);
  expect(hexLines(bytes, 16)).toHaveLength(1);
  expect(hexLines(new Uint8Array())).toEqual([]);
});

test('payloads become bytes', () => {
  expect([...payloadBytes('é', 'string')]).toEqual([0xc3, 0xa9]);
  expect([...payloadBytes('/wA=', 'base64')]).toEqual([255, 0]);
  expect([...payloadBytes('!', 'base64')]).toEqual([]);
});

test('text full of controls is shown as bytes at first', () => {
  expect(isBinary('\0'.repeat(9))).toBe(true);
  expect(isBinary('\u0001\u0002name\u0003\u0004')).toBe(true);
  expect(isBinary('one\0 of many characters\r\n\t')).toBe(false);
  expect(isBinary('')).toBe(false);
});
