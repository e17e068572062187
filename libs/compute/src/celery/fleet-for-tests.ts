import { FLEET_QUEUE, type TestFleet } from '#libs/testing';
import type { CelerySettings } from './fleet.js';
import type { Patience } from './follow.js';

/** As in production, but shorter. */
export const IMPATIENT: Patience = {
  ...{ lookMs: 100, searchMs: 200, askMs: 400, answerMs: 400 },
  ...{ goneMs: 2_500, noWorkerMs: 1_000, commandMs: 1_000, awayMs: 1_500 },
  ...{ keepMs: 100, leftMs: 1_500 },
};

/** One fleet that plays all parties. */
export const settingsOf = ({ url }: TestFleet, dataRoot: string): CelerySettings => ({
  ...{ brokers: url, queue: FLEET_QUEUE, dataRoot, farRoot: dataRoot },
});
