/** Bytes for showing. */

export interface HexLine {
  offset: string;
  hex: string;
  ascii: string;
}

/** Lines of 16 bytes as `hexdump -C` has them; what is not printable ASCII is a dot. */
export function hexLines(bytes: Uint8Array, limit = bytes.length): HexLine[] {
  const lines: HexLine[] = [];
  const end = Math.min(bytes.length, limit);
  for (let at = 0; at < end; at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, end))];
    const cells = row.map((byte) => byte.toString(16).padStart(2, '0'));
    lines.push({
      offset: at.toString(16).padStart(8, '0'),
      hex: cells.slice(0, 8).join(' ') + (cells.length > 8 ? '  ' + cells.slice(8).join(' ') : ''),
      ascii: row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''),
    });
  }
  return lines;
}

const controls = /[\u0000-\u0008\u000e-\u001f]/g;

/** True for a body that is text by its encoding only: more than one in eight of its characters is a control. */
export function isBinary(text: string): boolean {
  const sample = text.slice(0, 1024);
  return (sample.match(controls)?.length ?? 0) * 8 > sample.length;
}

/** The bytes of a payload as the API gives it. Base64 that is not base64 gives no bytes. */
export function payloadBytes(payload: string, encoding: 'string' | 'base64'): Uint8Array<ArrayBuffer> {
  if (encoding === 'string') return new TextEncoder().encode(payload);
  try {
    return Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
