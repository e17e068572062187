import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetStatement, OpenedOf, PolicyStatement } from '#libs/consent';
import type { SentStatement } from '../contract/task-type.js';
import { OWNER_FOLDER } from './owner-folder.js';
import { readOwner } from './owner.js';
import { PartyLedger, type OpeningEntry } from './party-ledger.js';
import { ofKind, readStatements } from './statements.js';

/** What a party's process goes by: what the owner of its folder has signed, and what its ledger says was opened. */
export interface OwnedFolder {
  /** The newest of each version. */
  readonly datasets: readonly DatasetStatement[];
  readonly policies: readonly PolicyStatement[];
  /** The oldest first. */
  readonly openings: readonly OpeningEntry[];
}

/** Reads the folder of a party as its process does. Undefined where nobody has claimed it. Throws TaskFailure POLICY_INVALID. */
export async function readOwnedFolder(
  party: string,
  root: string,
  sent: readonly SentStatement[],
): Promise<OwnedFolder | undefined> {
  if (!existsSync(join(root, OWNER_FOLDER, 'owner.json'))) return undefined;
  const { serials, openings } = await new PartyLedger(root).read();
  const all = await readStatements(party, await readOwner(party, root), sent);
  // One that is older than what the process has seen counts no more.
  const current = new Map([...all].filter(([subject, { serial }]) => serial >= (serials.get(subject) ?? 0)));
  return {
    datasets: ofKind<DatasetStatement>(current, 'dataset'),
    policies: ofKind<PolicyStatement>(current, 'policy'),
    openings,
  };
}

/** What a ledger says was opened of a dataset. */
export function openedOf(openings: readonly OpeningEntry[], dataset: string): OpenedOf {
  const bits: Record<string, number> = {};
  const sums: Record<string, number> = {};
  let epsilon = 0;
  for (const { bits: more, to, counts, epsilon: spent = 0 } of openings.filter((each) =>
    each.datasets.includes(dataset),
  )) {
    for (const [column, each] of Object.entries(more)) bits[column] = (bits[column] ?? 0) + each;
    for (const party of counts?.sums === undefined ? [] : to) sums[party] = (sums[party] ?? 0) + counts!.sums!;
    epsilon += spent;
  }
  return { bits, sums, epsilon: Number(epsilon.toFixed(3)) };
}
