/** Server-Sent Events over fetch, because EventSource cannot send an Authorization header. */

export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

/**
 * Cuts a text/event-stream into events (WHATWG HTML, section 9.2.6). Feed it text as it arrives, in pieces
 * of any size; comments and events without data produce nothing.
 */
export class EventStreamParser {
  /** The beginnings of a line that is not complete yet; joined once, since a line may be megabytes long. */
  private partial: string[] = [];
  private event = '';
  private data: string[] = [];
  private id = '';
  private started = false;
  /** After a CR that ended a line, an LF belongs to it. */
  private skipLf = false;

  constructor(private readonly emit: (event: ServerEvent) => void) {}

  push(text: string): void {
    if (!text) return;
    let from = 0;
    if (!this.started) {
      this.started = true;
      if (text.startsWith('\uFEFF')) from = 1;
    }
    if (this.skipLf && text[from] === '\n') from++;
    this.skipLf = false;
    const ends = /\r\n?|\n/g;
    ends.lastIndex = from;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
      const line = this.partial.join('') + text.slice(from, end.index);
      this.partial = [];
      from = ends.lastIndex;
      this.skipLf = end[0] === '\r' && from === text.length;
      this.line(line);
    }
    if (from < text.length) this.partial.push(text.slice(from));
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.event = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.id = value;
  }

  private dispatch(): void {
    if (this.data.length > 0) {
      this.emit({ event: this.event || 'message', data: this.data.join('\n'), id: this.id });
    }
    this.event = '';
    this.data = [];
  }
}

/** Reads an event stream to its end. Rejects when the connection breaks or `response` is aborted. */
export async function readEvents(
  response: Response,
  emit: (event: ServerEvent) => void,
  alive: () => void,
): Promise<void> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventStreamParser(emit);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    parser.push(decoder.decode(value, { stream: true }));
  }
}
