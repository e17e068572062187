/** One thing that is wrong with what a client sent: a stable code, where it is (a JSON pointer) and what to do. */
export interface InputFault {
  readonly code: string;
  readonly pointer?: string;
  readonly message: string;
}

/** Faults of one answer at most: nobody mends more at once, and a body of 10 MB can hold millions. */
export const MAX_FAULTS = 100;

/** The first MAX_FAULTS faults and, where there are more, a last one that says how many. */
export function bounded(faults: readonly InputFault[], uncounted = false): InputFault[] {
  const more = faults.length - MAX_FAULTS;
  if (more <= 0) return [...faults];
  const message = `... and ${uncounted ? 'at least ' : ''}${more} more.`;
  return [...faults.slice(0, MAX_FAULTS), { code: 'MORE_FAULTS', message }];
}

/** The JSON pointer of these steps (RFC 6901). */
export function pointer(...steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
