import { expect, test } from 'vitest';
import { EventStreamParser, readEvents, type ServerEvent } from '../../src/api/sse';

function parse(...pieces: string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const parser = new EventStreamParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const stream = 'retry: 1000\n\nevent: queues\ndata: [1,\ndata: 2]\n\n: ping\n\nid: 8\ndata:x\n\n';
const expected = [
  { event: 'queues', data: '[1,\n2]', id: '' },
  { event: 'message', data: 'x', id: '8' },
];

test('events are told apart, comments and events without data are nothing', () => {
  expect(parse(stream)).toEqual(expected);
});

test('a stream cut anywhere gives the same events', () => {
  for (let at = 0; at <= stream.length; at++) {
    expect(parse(stream.slice(0, at), stream.slice(at))).toEqual(expected);
  }
});

test('CR and CR LF end lines, also when cut between them', () => {
  const crlf = stream.replaceAll('\n', '\r\n');
  for (let at = 0; at <= crlf.length; at++) {
    expect(parse(crlf.slice(0, at), crlf.slice(at))).toEqual(expected);
  }
  expect(parse('data: a\r\rdata: b\r\r\n')).toEqual([
    { event: 'message', data: 'a', id: '' },
    { event: 'message', data: 'b', id: '' },
  ]);
});

test('a byte order mark at the beginning is skipped, an unfinished event is not told', () => {
  expect(parse('\uFEFFdata: a\n\ndata: b\n')).toEqual([{ event: 'message', data: 'a', id: '' }]);
});

test('only one space after the colon belongs to the format', () => {
  expect(parse('data:  two\n\ndata\n\n').map((event) => event.data)).toEqual([' two', '']);
});

test('characters of several bytes survive being cut', async () => {
  const bytes = new TextEncoder().encode('data: Käse 🐇\n\n');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  let pieces = 0;
  await readEvents(
    { body } as Response,
    (event) => events.push(event),
    () => pieces++,
  );
  expect(events.map((event) => event.data)).toEqual(['Käse 🐇']);
  expect(pieces).toBe(bytes.length);
});
