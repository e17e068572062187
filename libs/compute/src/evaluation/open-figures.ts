import { checkGroup, withhold } from '../contract/privacy.js';
import type { JsonObject } from '../contract/task-type.js';
import {
  BITS,
  keepFailure,
  openedOf,
  reserveFirst,
  withheldBy,
  withheldFailure,
  type Opened,
} from '../party/opened.js';
import type { PartyContext } from '../party/party-program.js';

/** The columns that the figures of an evaluation are about: row-major, the label among them. */
export interface Evaluated {
  readonly names: readonly string[];
  readonly values: Float64Array;
  readonly rows: number;
  readonly label: string;
}

/** Figures that others see or not together: their paths in the result, and their bits about the label, and about each other column. */
export interface FigureGroup {
  readonly paths: readonly string[];
  readonly ofLabel: number;
  readonly ofOthers: number;
}

const WHY = 'half a bit for each row, over all tasks, leaves no room for it';

/** Of which table figures are, and the fewest rows that they may cover. */
interface Covered {
  readonly about: Evaluated;
  readonly path: string;
  readonly least: number;
  /** Whether figures that others may not see are a failure: where they see how the task ends in any case. */
  readonly mustShow: boolean;
}

/** What others see of figures, or why they see none. */
export type SeenFigures =
  { readonly why: string } | { readonly why?: undefined; readonly of: (figures: JsonObject) => JsonObject };

/**
 * Counts as many of these groups as fit, before the task can end in a way that depends on values. The last group are figures that
 * a task can do without: it takes at most half of what is left. `gates` are metrics of which others learn whether they pass.
 * Throws TaskFailure BUDGET_EXHAUSTED, GROUP_TOO_SMALL, ROWS_TOO_CLOSE where figures must be shown.
 */
export async function countFigures(
  context: PartyContext,
  { about, path, least, mustShow }: Covered,
  groups: readonly FigureGroup[],
  gates: number,
): Promise<SeenFigures> {
  const wishOf = (count: number): Opened => {
    const shown = groups.slice(0, count);
    const bitsOf = (of: 'ofLabel' | 'ofOthers') => Math.ceil(shown.reduce((sum, group) => sum + group[of], 0));
    const each = openedOf(about, 1, gates * BITS.verdict);
    const columns = each.map(({ bits, ...column }) => ({
      ...column,
      bits: bits + bitsOf(column.column === about.label ? 'ofLabel' : 'ofOthers'),
    }));
    return { columns, joint: true, ...(count === groups.length && count > 1 && { share: 1 / 2 }) };
  };
  const counts = groups.map((_, at) => groups.length - at);
  let shown = groups.length;
  const withheld = await withheldBy(async () => {
    checkGroup({ party: context.party, minGroupRows: least }, path, about.rows);
    shown = counts[await reserveFirst(context, counts.map(wishOf))]!;
  });
  if (withheld) {
    if (mustShow) throw withheld.refusal;
    return { why: withheld.why };
  }
  const hidden = groups.slice(shown).flatMap(({ paths }) => paths);
  return {
    of: (figures) =>
      hidden.length === 0 ? figures : withhold(figures, Object.fromEntries(hidden.map((each) => [each, WHY]))),
  };
}

/**
 * Gives figures to the party's own readers alone; others see null for each of `keys`. Where there are no figures, the readers learn why: a
 * failure of the task would tell others something of values that they may not see.
 */
export function keptFromOthers(
  context: Pick<PartyContext, 'keepResult'>,
  why: string,
  keys: readonly string[],
  own: () => JsonObject,
): JsonObject {
  try {
    context.keepResult(own());
  } catch (error) {
    keepFailure(context, error);
  }
  const all = ['output_report', ...keys];
  return withhold(Object.fromEntries(all.map((key) => [key, null])), Object.fromEntries(all.map((key) => [key, why])));
}

/** What others see where a table could not be read, of whose rows they may see nothing. Else throws the failure. */
export async function unread(
  context: Pick<PartyContext, 'reserve' | 'keepResult'>,
  failure: unknown,
  keys: readonly string[],
): Promise<JsonObject> {
  const withheld = await withheldFailure(context, failure);
  if (withheld === undefined) throw failure;
  return keptFromOthers(context, withheld.why, keys, () => {
    throw failure;
  });
}
