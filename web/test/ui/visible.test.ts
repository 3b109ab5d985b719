import { expect, test } from 'vitest';
import { pieces, visible } from '../../src/ui/visible';

test('ordinary text of all languages stays as it is', () => {
  const text = 'Grüße, שלום, 你好 🐇 <b>&amp;\n\tindented\r\nwindows';
  expect(pieces(text)).toEqual([text]);
});

test('characters that hide or reorder become marks', () => {
  expect(pieces('a\u202Eb\u0000')).toEqual(['a', { mark: 'RLO' }, 'b', { mark: 'NUL' }]);
  expect(visible('x\u200By\u001b[31m\r')).toBe('x⟨ZWSP⟩y⟨ESC⟩[31m⟨CR⟩');
  expect(visible('\uD800')).toBe('⟨U+D800⟩');
  expect(visible('\u{E0041}')).toBe('⟨U+E0041⟩');
});

test('every control, bidi and zero-width character is marked', () => {
  const hidden = [
    0, 8, 0x0b, 0x0d, 0x1f, 0x7f, 0x85, 0x9f, 0xad, 0x061c, 0x200b, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060,
    0x2066, 0x2069, 0xfeff,
  ];
  for (const code of hidden) expect(pieces(String.fromCodePoint(code)), code.toString(16)).toHaveLength(1);
  for (const code of hidden) expect(typeof pieces(String.fromCodePoint(code))[0]).toBe('object');
});
