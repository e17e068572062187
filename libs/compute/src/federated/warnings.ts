import type { JsonObject, TaskRun } from '../contract/task-type.js';

/**
 * The parties that must be left to remove a lost party's masks. Over two thirds, so that an aggregator that sends parties
 * different things needs a third of them on its side (Bonawitz et al., theorem 6.5); all of two or three.
 */
export const sharesNeeded = (parties: number, minParties: number): number =>
  Math.max(minParties, Math.floor((2 * parties) / 3) + 1);

/** Expected and actual parties of a sum, and expected and actual keepers of the model. */
interface Attendance {
  readonly parties: readonly string[];
  readonly summed: readonly string[];
  readonly receivers: readonly string[];
  readonly kept: readonly string[];
}

/** Warnings of a result about lost parties and sums of too few parties. They go to the log, too. */
export function lossFacts(run: Pick<TaskRun, 'log'>, { parties, summed, receivers, kept }: Attendance): JsonObject {
  const unsummed = parties.filter((party) => !summed.includes(party));
  const late = receivers.filter((party) => summed.includes(party) && !kept.includes(party));
  const lost = parties.filter((party) => unsummed.includes(party) || late.includes(party));
  const warnings: { code: string; message: string }[] = [];
  if (unsummed.length > 0) {
    const message = `${unsummed.join(', ')} was lost on the way and is not in the sum; run the task again to have all parties in it.`;
    warnings.push({ code: 'PARTY_LOST', message });
  }
  if (late.length > 0) {
    const message = `${late.join(', ')} was lost after the sum and has not kept the model, which its rows are in; run the task again to give it there.`;
    warnings.push({ code: 'PARTY_LOST', message });
  }
  if (summed.length < 3) {
    const message =
      `Only ${summed.join(' and ')} are in the sum, so each learns the other's model by taking its own from it. ` +
      'With three parties or more it would learn the sum of the others alone.';
    warnings.push({ code: 'PRIVACY_TWO_PARTY_AGGREGATE', message });
  }
  for (const { code, message } of warnings) run.log('warn', `${code}: ${message}`);
  return { ...(lost.length > 0 && { lost_parties: lost }), ...(warnings.length > 0 && { warnings }) };
}
