import type { ChainSave } from '#libs/repositories';

/** Row ids and attempts of what these saves dispatch. */
export function dispatchedAttempts(saves: readonly ChainSave[]): Map<number, number> {
  const attempts = new Map<number, number>();
  for (const { loaded, dispatched } of saves) {
    for (const position of dispatched) {
      attempts.set(loaded.rows.get(position)!.id, loaded.state.tasks.get(position)!.attempt);
    }
  }
  return attempts;
}
