/** One thing that is wrong with what a client sent: a stable code, where it is (a JSON pointer) and what to do. */
export interface InputFault {
  readonly code: string;
  readonly pointer?: string;
  readonly message: string;
}

/** Faults of one answer at most: nobody mends more at once, and a body of 10 MB can hold millions. */
const MAX_FAULTS = 100;
/** Characters of a message or a pointer at most: a name in it may be as long as the body, and be in each of them. */
const MAX_TEXT = 2_000;

/** The faults of one body: keeps the first MAX_FAULTS and counts the rest. */
export class FaultList {
  private readonly kept: InputFault[] = [];
  private count = 0;

  add(fault: InputFault): void {
    if (this.count++ >= MAX_FAULTS) return;
    const { code, pointer, message } = fault;
    this.kept.push({ code, ...(pointer !== undefined && { pointer: cut(pointer) }), message: cut(message) });
  }

  /** Whether there are more faults than the answer lists, so that looking for others is useless. */
  get full(): boolean {
    return this.count > MAX_FAULTS;
  }

  get empty(): boolean {
    return this.count === 0;
  }

  /** How many there are. */
  get size(): number {
    return this.count;
  }

  /** The faults kept and, where there are more, a last one that says how many were seen. */
  toArray(): InputFault[] {
    if (!this.full) return [...this.kept];
    return [...this.kept, { code: 'MORE_FAULTS', message: `... and at least ${this.count - MAX_FAULTS} more.` }];
  }
}

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text);

/** The JSON pointer of these steps (RFC 6901). */
export function pointer(...steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A client's own word for a message: quoted, and cut where it is long. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}...` : word);
}

/** The beginning of a text, without the half of a character that a cut may leave: PostgreSQL stores no half. */
export function cutText(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Surrogate}$/u, '');
}
