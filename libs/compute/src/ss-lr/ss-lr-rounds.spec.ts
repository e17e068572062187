import { describe, expect, test } from '@jest/globals';
import { together } from '../mpc/together-for-tests.js';
import type { Schedule } from './schedule.js';
import { dealTraining, trainOnShares } from './ss-lr-train.js';

const COLUMNS = 2;
const SCHEDULE: Schedule = { regType: 'logistic', epochs: 1, batchSize: 32, learningRate: 0.1, l1: 0, l2: 0 };

/** How many messages the first party sends the second in a training. */
async function messagesOf(schedule: Schedule, rows: number): Promise<number> {
  const values = [0, 1].map((party) => Float64Array.from({ length: rows * COLUMNS }, (_, at) => Math.sin(at + party)));
  const label = Float64Array.from({ length: rows }, (_, row) => row % 2);
  let messages = 0;
  await together(
    ({ index, ...session }) => {
      const data = { rows, columns: COLUMNS, values: values[index]! };
      const room = { weightBits: 10, labelSize: 0, losses: 0 };
      const own = { ...data, label: index === 0 ? label : null };
      return trainOnShares({ index, ...session }, own, [COLUMNS, COLUMNS], schedule, room);
    },
    (parties) => dealTraining(parties, rows, [COLUMNS, COLUMNS], schedule, 0),
    (from) => (messages += from === 0 ? 1 : 0),
  );
  return messages;
}

describe('the rounds of a step', () => {
  test.each<[string, Partial<Schedule>, number]>([
    ['logistic', {}, 2],
    ['with an l2 penalty', { l2: 0.5 }, 2],
    ['with rates below 2^-18, whose products lose more than 64 bits', { learningRate: 1e-5 }, 3],
    ['of batches too large for products with bits', { batchSize: 2 ** 15 + 1 }, 4],
    ['linear', { regType: 'linear' }, 5],
    ['with an l1 penalty', { l1: 0.01 }, 12],
  ])('%s', async (_, changes, rounds) => {
    const schedule = { ...SCHEDULE, ...changes };
    const rows = Math.max(64, schedule.batchSize);
    // As many more checks of weights take no more rounds.
    const [once, more] = [
      await messagesOf({ ...schedule, epochs: 5 }, rows),
      await messagesOf({ ...schedule, epochs: 6 }, rows),
    ];
    expect((more - once) / Math.ceil(rows / schedule.batchSize)).toBe(rounds);
  });
});
