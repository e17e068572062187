import { expect, test } from '@jest/globals';
import { openSumTo } from '../mpc/opening.js';
import { PieceReceiver, PieceSender } from '../mpc/pieces.js';
import { STATE_BITS, decode, encode, zeros } from '../mpc/ring.js';
import { Z128 } from '../mpc/rings.js';
import { share } from '../mpc/sharing.js';
import { groupTogether } from '../mpc/together-for-tests.js';
import { coefficientsOnShares, dealCoefficients, stepsOf } from './coefficients-on-shares.js';

test.each([0, -20, 18])(
  'coefficients have 4,096 steps by the size of labels, 2^%i, and no more digits',
  async (labelSize) => {
    const unit = 2 ** labelSize;
    const { step, most } = stepsOf(labelSize);
    expect([step, most]).toEqual([unit / 256, 8 * unit]);
    const weights = [0, 1 / 3, -1 / 3, 1 / 512, -1 / 512, 7.99, 8, -8, 1e4, -1e4, 0.003].map((each) => each * unit);
    const nearest = weights.map((each) => Math.min(4095, Math.max(0, Math.floor((each + most) / step + 0.5))));
    const shares = [...share(encode(weights, STATE_BITS)), zeros(weights.length)];
    for (const parties of [2, 3]) {
      const opened = await groupTogether(
        parties,
        async (session) => {
          const dealt = new PieceReceiver(session.dealer);
          const own = await coefficientsOnShares(session, dealt, shares[session.index]!, labelSize);
          return openSumTo(session, Z128, own, [1]);
        },
        async (dealt) => {
          const line = new PieceSender(dealt.at(-1)!.channel);
          await dealCoefficients(dealt, line, weights.length, labelSize);
          await line.flush();
        },
      );
      // The second party alone gets them.
      expect(opened.map((each) => each && [...decode(each, 0)])).toEqual([null, nearest, null].slice(0, parties));
    }
  },
);
