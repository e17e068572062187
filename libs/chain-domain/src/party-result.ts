import { resultFault } from './result-fault.js';
import { isObject } from './strict-json.js';

/** What a task opened to one party alone, as it leaves that party's process. */
export type PartyResult =
  /** Encrypted to the party's readers (age-encryption.org/v1, base64). */
  | { readonly sealed: string }
  /** In clear: nobody has claimed the party's folder, so there is nobody to seal it to. */
  | { readonly value: Readonly<Record<string, unknown>> }
  /** Nobody could open it: says what to do. */
  | { readonly withheld: string };

/** A result of 64 KiB, padded to 128 KiB, in base64, with a header for each of 101 recipients. */
const MAX_SEALED = 256 * 1024;
const MAX_WITHHELD = 1_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Whether a value is one of the three forms, with nothing beside it, and can be stored. */
export function isPartyResult(value: unknown): value is PartyResult {
  if (!isObject(value) || Object.keys(value).length !== 1) return false;
  const { sealed, value: clear, withheld } = value;
  if (typeof sealed === 'string') return sealed.length <= MAX_SEALED && BASE64.test(sealed);
  if (isObject(clear)) return resultFault(clear) === null;
  return typeof withheld === 'string' && withheld.length <= MAX_WITHHELD && resultFault(withheld) === null;
}
