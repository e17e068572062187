import { withhold } from '../contract/privacy.js';
import type { JsonObject } from '../contract/task-type.js';
import { BITS, openedOf, reserveFirst, type Opened } from '../party/opened.js';
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

/**
 * Counts as many of these groups as fit, the first of them at least, and returns what others see of the figures. The last group are figures that
 * a task can do without: it takes at most half of what is left. `gates` are metrics of which others learn whether they pass.
 * Throws TaskFailure BUDGET_EXHAUSTED.
 */
export async function countFigures(
  context: PartyContext,
  about: Evaluated,
  groups: readonly FigureGroup[],
  gates: number,
): Promise<(figures: JsonObject) => JsonObject> {
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
  const shown = counts[await reserveFirst(context, counts.map(wishOf))]!;
  const hidden = groups.slice(shown).flatMap(({ paths }) => paths);
  return (figures) =>
    hidden.length === 0 ? figures : withhold(figures, Object.fromEntries(hidden.map((path) => [path, WHY])));
}
