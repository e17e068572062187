import type { OpeningView } from '#libs/repositories';
import type { LedgerEntryDto } from './parties.dto.js';

/** An entry of a ledger as it is read. The names of columns are for keys of the party alone. */
export function ledgerEntryDto(
  { seq, opened_at, chain_id, task_id, task_type, entry }: OpeningView,
  isOwn: boolean,
): LedgerEntryDto {
  const { to, versions, figures, bits, members, counts, epsilon = null, chosen = false } = entry;
  return {
    ...{ seq, opened_at, chain_id, task_id, task_type, to: [...to], versions: [...versions] },
    members: members ? [...members] : null,
    counts: counts ? { ...counts } : null,
    chosen,
    columns: isOwn
      ? Object.entries(bits).map(([name, each]) => ({ name, figures: figures[name] ?? 0, bits: each }))
      : null,
    bits: Object.values(bits).reduce((sum, each) => sum + each, 0),
    epsilon,
  };
}
