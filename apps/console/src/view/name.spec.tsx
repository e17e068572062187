import { expect, test } from '@jest/globals';
import { shownText } from './name.js';

test('each character that turns text round is shown as what it is, and no text is long', () => {
  // All of Unicode that set a direction: marks, embeddings, overrides, isolates and their ends.
  const turns = [0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];
  for (const turn of turns) {
    expect(shownText(`a${String.fromCharCode(turn)}b`)).toBe(`a\\u${turn.toString(16).padStart(4, '0')}b`);
  }
  expect(shownText('名'.repeat(64_000))).toBe(`${'名'.repeat(200)}…`);
  expect(shownText('<img src=x onerror="alert(1)">')).toBe('<img src=x onerror="alert(1)">');
});
