import { expect, test } from 'vitest';
import { originText } from '../../src/pages/replay';

test('the button names the one target, or counts them', () => {
  expect(originText(new Map([['emails', 3]]))).toBe('emails');
  expect(
    originText(
      new Map([
        ['emails', 3],
        ['sms', 1],
      ]),
    ),
  ).toBe('2 original queues');
  expect(originText(new Map<string | null, number>([[null, 2]]))).toBe('another queue');
  expect(
    originText(
      new Map<string | null, number>([
        ['emails', 3],
        [null, 2],
      ]),
    ),
  ).toBe('emails');
});
