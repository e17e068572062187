import { expect, test } from '@jest/globals';
import { jointly } from '../mpc/joint-for-tests.js';
import { STATE_BITS, add, decode, encode, zeros } from '../mpc/ring.js';
import { share } from '../mpc/sharing.js';
import { coefficientsOnShares, stepsOf } from './coefficients-on-shares.js';

test.each([0, -20, 18])(
  'coefficients have 4,096 steps by the size of labels, 2^%i, and no more digits',
  async (labelSize) => {
    const unit = 2 ** labelSize;
    const { step, most } = stepsOf(labelSize);
    expect([step, most]).toEqual([unit / 256, 8 * unit]);
    const weights = [0, 1 / 3, -1 / 3, 1 / 512, -1 / 512, 7.99, 8, -8, 1e4, -1e4, 0.003].map((each) => each * unit);
    const shares = share(encode(weights, STATE_BITS));
    const [first, second] = await jointly((joint) =>
      coefficientsOnShares(joint, joint.index === null ? zeros(weights.length) : shares[joint.index], labelSize),
    );
    const steps = [...decode(add(first, second), 0)];
    const nearest = weights.map((each) => Math.min(4095, Math.max(0, Math.floor((each + most) / step + 0.5))));
    expect(steps).toEqual(nearest);
  },
);
