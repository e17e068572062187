import { budgetsLeft, type PolicyStatement } from '#libs/consent';
import type { OpenedSoFar } from '#libs/repositories';
import type { DatasetAccountDto } from './parties.dto.js';

/** What was opened of a dataset and what its owner's policy leaves. Names of columns are for keys of the party alone. */
export function accountDto(
  dataset: Pick<DatasetAccountDto, 'party' | 'name' | 'kept_at'>,
  opened: OpenedSoFar,
  policy: Pick<PolicyStatement, 'budget' | 'expires_at'> | undefined,
  isOwn: boolean,
): DatasetAccountDto {
  return {
    ...dataset,
    openings: opened.types.reduce((sum, { openings }) => sum + openings, 0),
    by_task_type: [...opened.types],
    policy_expires_at: policy?.expires_at ?? null,
    budgets: budgetsLeft(opened, policy?.budget).map((each) =>
      each.kind === 'bits' && !isOwn ? { ...each, of: null } : { ...each },
    ),
  };
}
