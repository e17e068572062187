/** The word that takes the fewest edits to become `word`, if that is a third of its letters at most. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: { word: string; edits: number } | undefined;
  for (const other of words) {
    if (Math.abs(other.length - word.length) > limit) continue;
    const edits = editDistance(word.toLowerCase(), other);
    if (edits <= limit && edits < (best?.edits ?? Infinity)) best = { word: other, edits };
  }
  return best?.word;
}

/** Levenshtein's: letters added, removed or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
