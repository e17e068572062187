import { PeerMessage, isText } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import type { ModelPart } from '../evaluation/model-file.js';
import { incompatible, requireParties } from '../evaluation/model-pair.js';
import { checkSameModel } from '../evaluation/same-model.js';
import { openSumTo } from '../mpc/opening.js';
import { joinAll, partiesOf } from '../mpc/party-line.js';
import { PieceReceiver } from '../mpc/pieces.js';
import { decode, lengthOf } from '../mpc/ring.js';
import { Z128 } from '../mpc/rings.js';
import { featuresIn } from '../mpc/split-matrix.js';
import { BITS } from '../party/opened.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { LEAST_LABEL_SIZE } from '../ss-lr/room.js';
import type { SeenRows, Slice } from '../ss-lr/slice.js';
import { checkRowsPerColumn } from '../ss-pvalue/fit-rows.js';
import { checkAligned } from '../vertical/vertical-rows.js';
import { coefficientsOnShares, stepsOf, type Steps } from './coefficients-on-shares.js';
import type { ExportedModel } from './exported-model.js';

/** More weights than a model has. */
export const MOST_WEIGHTS = 20_001;
const MAX_NAME = 1024;

/** The columns of a party as their names, and of the label's party the label. */
interface Names {
  readonly features: readonly string[];
  readonly label: string | null;
}

/**
 * Opens the coefficients of a model of `ss_lr` to these parties, where the owner of each other party's data lets them read such: rounded on shares, and counted
 * before. Returns what the party reads, and null where it reads nothing. Throws TaskFailure POLICY_REFUSED, MODEL_INCOMPATIBLE, NOT_ALIGNED, GROUP_TOO_SMALL,
 * BUDGET_EXHAUSTED.
 */
export async function openCoefficients(
  context: PartyContext,
  path: string,
  model: ModelPart,
  receivers: readonly string[],
): Promise<(ExportedModel & Steps) | null> {
  const { party, peers } = context;
  const { slice, seen } = sliceOf(party, path, model);
  const others = receivers.filter((each) => each !== party);
  requireParties(context, path, model);
  requireNamed(context, others);
  await checkSameModel(context, model);
  const least = await checkAligned(context, peers, { train: seen.rows });
  const columns = featuresIn(slice.columns);
  checkRowsPerColumn(seen.rows, least, columns);
  const figures = { rows: seen.rows, figures: columns + 1, bits: BITS.coefficient };
  const opened = { columns: seen.columns.map((each) => ({ ...each, ...figures })), to: others, joint: true };
  if (others.length > 0) await context.reserve(opened);

  const steps = await open(context, slice, receivers);
  const names = namesOf(slice, seen);
  const { features, label } = names;
  for (const other of others) await context.send(other, { features: [...features], ...(label !== null && { label }) });
  if (steps === null) return null;
  const all = new Map([[party, names]]);
  for (const peer of peers) all.set(peer, namesFrom(peer, await context.receiveJson<unknown>(peer)));
  const inOrder = partiesOf(context).map((each) => [each, all.get(each)!] as const);
  const [ofLabel, labels] = inOrder.find(([, each]) => each.label !== null) ?? inOrder[0]!;
  const { step, most } = stepsOf(slice.labelSize);
  const weights = Array.from(steps, (each) => each * step - most);
  return {
    ...{ step, most },
    objective: slice.regType,
    label: `${ofLabel}.${labels.label}`,
    columns: inOrder.flatMap(([of, { features: own }]) => own.map((name) => `${of}.${name}`)),
    weights: weights.slice(0, -1),
    intercept: weights.at(-1)!,
  };
}

function sliceOf(party: string, path: string, model: ModelPart): { readonly slice: Slice; readonly seen: SeenRows } {
  if (model.kind !== 'slice') throw incompatible(party, path, 'is no slice of ss_lr, whose coefficients can be opened');
  const { seen } = model.slice;
  if (seen !== undefined) return { slice: model.slice, seen };
  throw incompatible(
    party,
    path,
    'is a slice of an earlier release, which does not name its rows and columns: train again',
  );
}

/** The owner's signed policies decide, whatever approvals say. */
function requireNamed({ party, coefficientsTo }: PartyContext, others: readonly string[]): void {
  const stranger = others.find((each) => !coefficientsTo.includes(each));
  if (stranger === undefined) return;
  throw new TaskFailure(
    'POLICY_REFUSED',
    `Party ${party}: the owner refuses: the policy of each dataset that the model was trained on must name ${stranger} in coefficients_to, and does not.`,
    false,
    { party },
  );
}

/** The opened steps, or null for a party that gets none. */
async function open(context: PartyContext, slice: Slice, receivers: readonly string[]): Promise<Float64Array | null> {
  const parties = partiesOf(context);
  const sizes = { weights: lengthOf(slice.share), label: slice.labelSize - LEAST_LABEL_SIZE };
  if (context.party === parties[0]) await context.send(NEUTRAL, sizes);
  const session = await joinAll(context);
  const shares = await coefficientsOnShares(session, new PieceReceiver(session.dealer), slice.share, slice.labelSize);
  const readers = receivers.map((each) => parties.indexOf(each));
  const opened = await openSumTo(session, Z128, shares, readers);
  return opened && decode(opened, 0);
}

const namesOf = ({ features, hasLabel }: Slice, { columns }: SeenRows): Names => ({
  features,
  label: hasLabel ? columns.at(-1)!.column : null,
});

/** A peer's names. Throws PROTOCOL_VIOLATION. */
export function namesFrom(peer: string, value: unknown): Names {
  const message = new PeerMessage(peer, value);
  const isName = (item: unknown): item is string => isText(item, MAX_NAME);
  return {
    features: message.list('features', MOST_WEIGHTS, isName),
    label: message.has('label') ? message.text('label', MAX_NAME) : null,
  };
}
