import type { PolicyStatement } from '#libs/consent';
import type { OpenedSoFar } from '#libs/repositories';
import type { BudgetDto, DatasetAccountDto } from './parties.dto.js';

/** Stands for all columns that no registered version of the dataset has: what it holds counts against each of the others. */
const DERIVED = '*';

/**
 * What was opened of a dataset and what its owner's policy leaves, as the party's process counts it: bits of any one column, sums that any one
 * party may ask for, epsilon of all figures together. Names of columns are for keys of the party alone.
 */
export function accountDto(
  dataset: Pick<DatasetAccountDto, 'party' | 'name'>,
  opened: OpenedSoFar,
  policy: Pick<PolicyStatement, 'budget' | 'expires_at'> | undefined,
  isOwn: boolean,
): DatasetAccountDto {
  const { [DERIVED]: derived = 0, ...columns } = opened.bits;
  const byColumn = Object.entries(columns).map(([name, bits]) => [name, bits + derived] as const);
  const [column, bits] = most(byColumn.length > 0 ? byColumn : [[DERIVED, derived]]);
  const [party, sums] = most(Object.entries(opened.sums));
  const { budget } = policy ?? {};
  return {
    ...dataset,
    openings: opened.types.reduce((sum, { openings }) => sum + openings, 0),
    by_task_type: [...opened.types],
    policy_expires_at: policy?.expires_at ?? null,
    budgets: [
      budgetOf('bits', budget?.bits, bits, isOwn && bits > 0 ? column : null),
      budgetOf('sums', budget?.sums, sums, party),
      budgetOf('epsilon', budget?.epsilon, opened.epsilon, null),
    ],
  };
}

const most = (of: readonly (readonly [string, number])[]): readonly [string | null, number] =>
  of.reduce<readonly [string | null, number]>((best, each) => (each[1] > best[1] ? each : best), [null, 0]);

const budgetOf = (kind: BudgetDto['kind'], limit = null as number | null, opened: number, of: string | null) => ({
  ...{ kind, limit, opened, of },
  left: limit === null ? null : Math.max(0, Number((limit - opened).toFixed(3))),
});
