/**
 * Reads JSON for showing. Unlike JSON.parse it keeps what was written: numbers of any length, escapes, duplicate
 * keys and their order. What is shown is what was sent.
 */

export type Node =
  | { kind: 'object'; entries: { key: string; value: Node }[] }
  | { kind: 'array'; items: Node[] }
  /** `raw` is the literal as written, quotes included. */
  | { kind: 'string' | 'number' | 'word'; raw: string };

const depthMax = 200;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): Node {
    const node = this.value(0);
    this.space();
    if (this.at < this.text.length) throw new SyntaxError('text after the value');
    return node;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  private space(): void {
    this.match(/[ \t\r\n]*/y);
  }

  private take(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private string(): string {
    this.space();
    const raw = this.match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (raw === null) throw new SyntaxError('no string');
    return raw;
  }

  private value(depth: number): Node {
    if (depth > depthMax) throw new SyntaxError('too deep');
    if (this.take('{')) return this.object(depth);
    if (this.take('[')) return this.array(depth);
    if (this.text[this.at] === '"') return { kind: 'string', raw: this.string() };
    const number = this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== null) return { kind: 'number', raw: number };
    const word = this.match(/true|false|null/y);
    if (word !== null) return { kind: 'word', raw: word };
    throw new SyntaxError('no value');
  }

  private object(depth: number): Node {
    const entries: { key: string; value: Node }[] = [];
    if (this.take('}')) return { kind: 'object', entries };
    do {
      const key = this.string();
      if (!this.take(':')) throw new SyntaxError('no colon');
      entries.push({ key, value: this.value(depth + 1) });
    } while (this.take(','));
    if (!this.take('}')) throw new SyntaxError('no end of object');
    return { kind: 'object', entries };
  }

  private array(depth: number): Node {
    const items: Node[] = [];
    if (this.take(']')) return { kind: 'array', items };
    do items.push(this.value(depth + 1));
    while (this.take(','));
    if (!this.take(']')) throw new SyntaxError('no end of array');
    return { kind: 'array', items };
  }
}

/** The tree of a JSON text, or null when it is not JSON. */
export function readJson(text: string): Node | null {
  try {
    return new Reader(text).document();
  } catch {
    return null;
  }
}
