import { FaultList, type InputFault, quoted } from '#libs/chain-domain';
import { purposeOf } from '#libs/consent';
import { secretUses, type Queryable } from '#libs/repositories';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { readChain, type ChainReading } from './chain-input.js';
import { readOwnersWords, type ExpectedApproval } from './dataset-faults.js';
import type { SecretUse } from './params-faults.js';

/** Who names secrets and datasets. */
export interface Author {
  readonly actor: string | null;
  readonly party: string | null;
  readonly isAdmin: boolean;
}

/** As `readChain`; secrets and datasets that the author or the type may not use are faults as well. */
export async function readChainOf(
  author: Author,
  db: Queryable,
  body: unknown,
  catalogue: TaskCatalogue,
): Promise<{ readonly reading: ChainReading; readonly approvals: readonly ExpectedApproval[] }> {
  const reading = readChain(body, catalogue);
  const { tasks, metadata } = reading.ok ? reading.chain : { tasks: [], metadata: {} };
  const words = await readOwnersWords(db, tasks, { proposer: author.party, purpose: purposeOf(metadata) });
  const refused = [...(await refusedSecrets(db, reading.secrets, author)), ...words.faults];
  if (refused.length === 0) return { reading, approvals: words.approvals };
  const faults = new FaultList();
  for (const fault of [...(reading.ok ? [] : reading.faults), ...refused]) faults.add(fault);
  return { reading: { ok: false, faults: faults.toArray(), secrets: reading.secrets }, approvals: [] };
}

/** The worker's database decides by the same rule when a task asks for the value: see `secrets_of_task`. */
async function refusedSecrets(
  db: Queryable,
  named: readonly SecretUse[],
  { actor, isAdmin }: Author,
): Promise<InputFault[]> {
  if (named.length === 0) return [];
  const rows = await secretUses(db, [...new Set(named.map(({ name }) => name))]);
  const uses = new Map(rows.map((row) => [row.name, row]));
  const key = (actor ?? '').replace(/^key:/, '');
  const lists = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  const mayUse = ({ name, taskType }: SecretUse): boolean => {
    const use = uses.get(name);
    // An admin may name one before it is put. Others do not learn which exist.
    if (use === undefined) return isAdmin;
    return lists(use.task_types, taskType) && (isAdmin || lists(use.keys, key));
  };
  return named
    .filter((use) => !mayUse(use))
    .map(({ name, taskType, pointer, label }) => ({
      code: 'SECRET_NOT_ALLOWED',
      pointer,
      message: `${label}There is no secret ${quoted(name)} that you may use in a task of type ${taskType}. An admin names types and keys by PUT /secrets/{name}.`,
    }));
}
