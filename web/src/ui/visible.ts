/**
 * Text that comes from messages and names may hold characters that hide, reorder or fake what is read: control
 * characters, bidirectional overrides, zero-width characters, lone surrogates. Here they become visible marks.
 */

// The ranges: C0 but tab, line feed and the CR before one, DEL and C1, soft hyphen, Arabic letter mark, Mongolian vowel separator,
// Hangul fillers, zero-width and direction marks, line and paragraph separators, bidi embeddings and isolates,
// invisible operators, variation selectors' tag block, BOM, interlinear annotation, lone surrogates.
const hidden =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E007F}]|\r(?!\n)|[\uD800-\uDFFF]/gu;

const names: Record<number, string> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x0d: 'CR',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xad: 'SHY',
  0x061c: 'ALM',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
};

export interface Mark {
  mark: string;
}

/** The name of a hidden character: "RLO", or "U+2063" where there is no short one. */
export function markName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return names[code] ?? 'U+' + code.toString(16).toUpperCase().padStart(4, '0');
}

/** Cuts text into plain pieces and marks. */
export function pieces(text: string): (string | Mark)[] {
  const result: (string | Mark)[] = [];
  let from = 0;
  for (const match of text.matchAll(hidden)) {
    if (match.index > from) result.push(text.slice(from, match.index));
    result.push({ mark: markName(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) result.push(text.slice(from));
  return result;
}

/** The same as one string, for titles and sentences: "a⟨RLO⟩b". */
export function visible(text: string): string {
  return text.replace(hidden, (character) => `⟨${markName(character)}⟩`);
}
