// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { withoutPasswords } from '../../src/pages/definitions';

test('hashes leave an export, everything else stays as it was written', () => {
  const before =
    '{"users":[{"hashing_algorithm":"a","leveret_password_hash":"x\\"y","limits":{},"name":"\\"password_hash\\":\\"z",' +
    '"password_hash":"abc+/=","tags":[]}],"queues":[{"arguments":{"x-n":9007199254740993},"name":"q"}]}';
  expect(withoutPasswords(before)).toBe(
    '{"users":[{"hashing_algorithm":"a","limits":{},"name":"\\"password_hash\\":\\"z",' +
      '"password_hash":"","tags":[]}],"queues":[{"arguments":{"x-n":9007199254740993},"name":"q"}]}',
  );
});
