import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import { bitOf, sized, xor } from '../mpc/bit-strings.js';
import { exchange } from '../mpc/channel.js';
import { JointDealer, JointParty } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { zeros } from '../mpc/ring.js';
import { deal, joinSession } from '../mpc/session.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { fitColumns, type Fit } from './fit-on-shares.js';
import type { FitRows } from './fit-rows.js';
import { MAX_COLUMNS, REG_TYPES, columnsIn, type FitShape } from './fit-shape.js';
import type { Origin } from './shared-rows.js';
import { sharesOf } from './standard-rows.js';

/** Fits the columns of both parties to the label, one party's side. Nothing is opened. */
export async function joinFit(
  context: PartyContext,
  { index, shape, standard }: FitRows,
): Promise<{ joint: JointParty; fit: Fit; origin: Origin }> {
  if (index === 0) {
    const [first, second] = shape.counts;
    const sizes = { reg_type: shape.regType, rows: shape.rows, first, second, first_has_label: shape.labelOwner === 0 };
    await context.send(NEUTRAL, sizes);
  }
  const session = await joinSession(index, lineTo(context, context.peers[0]!), lineTo(context, NEUTRAL));
  // No step opens bits to the dealer.
  const joint = new JointParty(session, () => Promise.resolve());
  const { origin, ...shares } = sharesOf(standard, shape, index);
  const fit = await fitColumns(joint, shape, shares, (fraction) =>
    context.progress(0.1 + 0.85 * fraction, 'fitting on shares'),
  );
  return { joint, fit, origin };
}

/** The sizes of a fit. Throws PROTOCOL_VIOLATION. */
export function shapeFrom(peer: string, value: unknown): FitShape {
  const message = new PeerMessage(peer, value);
  return {
    regType: message.choice('reg_type', REG_TYPES),
    rows: message.count('rows', MAX_ROWS),
    counts: [message.count('first', MAX_COLUMNS), message.count('second', MAX_COLUMNS)],
    labelOwner: message.flag('first_has_label') ? 0 : 1,
  };
}

/** The dealer's side of {@link joinFit}: it receives the sizes, and sends masks. The caller flushes at the end. */
export async function dealFit(
  context: PartyContext,
): Promise<{ joint: JointDealer; fit: Fit; origin: Origin; shape: FitShape }> {
  const [first, second] = context.peers as [string, string];
  const shape = shapeFrom(first, await context.receiveJson<unknown>(first));
  const dealt = await deal([lineTo(context, first), lineTo(context, second)]);
  const joint = new JointDealer(dealt, () => context.receiveBytes(first));
  const columns = columnsIn(shape);
  const none = {
    features: (from: number, to: number) => zeros((to - from) * columns),
    label: (from: number, to: number) => zeros(to - from),
  };
  const fit = await fitColumns(joint, shape, none, (fraction) => context.progress(fraction, 'dealing'));
  return { joint, fit, origin: { columns: zeros(columns), label: zeros(1) }, shape };
}

/** Opens to both parties whether there is no fit. Throws TaskFailure SINGULAR_INFORMATION, before anything else is opened. */
export async function requireFit(context: PartyContext, fails: Uint8Array): Promise<void> {
  const received = await exchange(lineTo(context, context.peers[0]!), fails);
  if (bitOf(xor(fails, sized(received, fails.length)), 0) === 0) return;
  throw new TaskFailure(
    'SINGULAR_INFORMATION',
    'There is no fit: columns of both parties together are collinear, or nearly so, they tell the label without an error, or one row has over half of what some ' +
      'of them tell. Leave out columns that follow from others (vif), such as one of the columns of onehot_encoder, or that differ from others in a few rows, and ' +
      'columns that are made of the label; cut off outliers.',
  );
}
