import { resultFault } from './result-fault.js';
import { isObject } from './strict-json.js';

/** What a party's process is about to open, out of its ledger: a copy for those who read for the party. */
export interface OpenedEntry {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** The parties that learn it. */
  readonly to: readonly string[];
  readonly datasets: readonly string[];
  /** `<name>@<version>` */
  readonly versions: readonly string[];
  /** By column, or `*` for columns that no version has. */
  readonly figures: Readonly<Record<string, number>>;
  readonly bits: Readonly<Record<string, number>>;
  /** The parties of a sum, where only the sum is opened. */
  readonly members?: readonly string[];
  /** What was opened besides figures about columns, by kind: predictions, or keys. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Of all figures together, where they are differentially private. */
  readonly epsilon?: number;
  /** Whether others chose the rows. */
  readonly chosen?: true;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;
const MAX_NAMES = 1_000;

/** Whether a value is an entry that can be stored. */
export function isOpenedEntry(value: unknown): value is OpenedEntry {
  if (!isObject(value) || resultFault(value) !== null) return false;
  const { id, at, to, datasets, versions, figures, bits, members, counts, epsilon, chosen } = value;
  return (
    typeof id === 'string' &&
    id.length <= 64 &&
    typeof at === 'string' &&
    TIME.test(at) &&
    !Number.isNaN(Date.parse(at)) &&
    [to, datasets, versions, members ?? []].every(isNames) &&
    [figures, bits, counts ?? {}].every(isCounts) &&
    (epsilon === undefined || (typeof epsilon === 'number' && Number.isFinite(epsilon) && epsilon > 0)) &&
    (chosen === undefined || chosen === true)
  );
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= MAX_NAMES &&
  value.every((name) => typeof name === 'string' && name.length <= 255);

const isCounts = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
