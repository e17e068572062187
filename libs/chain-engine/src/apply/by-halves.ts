import { isTransient } from '#libs/repositories';

/**
 * Does work on several chains, which leaves nothing half done where it throws. Where some of it cannot be done, it is looked for by
 * halves: a chain whose rows make no sense stops no other. `alone`: what becomes of the one that throws. Throws itself what another
 * try may mend.
 */
export async function byHalves<T, R>(
  work: readonly T[],
  apply: (part: readonly T[]) => Promise<readonly R[]>,
  alone: (one: T, error: unknown) => Promise<void>,
): Promise<R[]> {
  try {
    return [...(await apply(work))];
  } catch (error) {
    if (isTransient(error)) throw error;
    if (work.length <= 1) {
      if (work[0] !== undefined) await alone(work[0], error);
      return [];
    }
    const half = work.length >> 1;
    const first = await byHalves(work.slice(0, half), apply, alone);
    return [...first, ...(await byHalves(work.slice(half), apply, alone))];
  }
}
