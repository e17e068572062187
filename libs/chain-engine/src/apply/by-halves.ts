import { isInTheWay, isTransient } from '#libs/repositories';

/**
 * Does work on several chains. Where some of it cannot be done, it is looked for by halves: a chain whose rows make no sense, or are locked, stops
 * no other. What was done before a part threw is done again, and finds itself done. `alone`: what becomes of the one that throws. Throws itself
 * what another try may mend: at once where the database is out of reach, and after all else where single rows are in the way.
 */
export async function byHalves<T, R>(
  work: readonly T[],
  apply: (part: readonly T[]) => Promise<readonly R[]>,
  alone: (one: T, error: unknown) => Promise<void>,
): Promise<R[]> {
  const late: unknown[] = [];
  const halves = async (part: readonly T[]): Promise<R[]> => {
    try {
      return [...(await apply(part))];
    } catch (error) {
      const isLate = isInTheWay(error);
      if (!isLate && isTransient(error)) throw error;
      if (part.length <= 1) {
        if (isLate) late.push(error);
        else if (part[0] !== undefined) await alone(part[0], error);
        return [];
      }
      const half = part.length >> 1;
      const first = await halves(part.slice(0, half));
      return [...first, ...(await halves(part.slice(half)))];
    }
  };
  const done = await halves(work);
  if (late.length > 0) throw late[0];
  return done;
}
