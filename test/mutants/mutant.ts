/** A change of one place of a source file. */
export interface Mutant {
  /** From the project's folder. */
  readonly file: string;
  /** The place in the file's text, in characters. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** The rule that made it, as `EqualityOperator` or `lock`. */
  readonly kind: string;
  /** The specs that must notice it, by the ends of their paths; without it those that reach the file. */
  readonly specs?: readonly string[];
}

/** How a mutant is named in lists: by its line and words, since numbers of lines move. */
export interface Named {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly code: string;
  readonly change: string;
}

/** The text of the file with the mutant in it. */
export function mutated(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

export function nameOf(text: string, { file, start, end, replacement, kind }: Mutant): Named {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', start);
  return {
    file,
    line: text.slice(0, start).split('\n').length,
    kind,
    code: text.slice(from, to < 0 ? undefined : to).trim(),
    change: `${short(text.slice(start, end))} -> ${short(replacement)}`,
  };
}

/** Whether two names mean one mutant. */
export function same(a: Named, b: Named): boolean {
  return a.file === b.file && a.code === b.code && a.change === b.change;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
