/**
 * The budget of one evaluation: steps through lists and maps, and the work of macros for each element. Counted, not
 * timed, so that an expression comes to the same on a slow machine and a fast one. Evaluation is synchronous, so one
 * counter serves all.
 */
const MAX_STEPS = 200_000;
let left = 0;

/** The evaluation has used up its steps. */
class TooCostly extends Error {
  constructor() {
    super(`it needs more than ${MAX_STEPS} steps: look at shorter lists, or decide in a task`);
  }
}

/** Runs `work` with a full budget. */
export function withBudget<T>(work: () => T): T {
  left = MAX_STEPS;
  return work();
}

/** Takes this many steps. Throws `TooCostly` if too few are left. */
export function charge(steps: number): void {
  left -= steps;
  if (left < 0) throw new TooCostly();
}
