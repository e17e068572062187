import { existsSync } from 'node:fs';
import type { SkipReason } from '#libs/testing';

/** Why nothing of bundles can be tested here: trees of mutants have none, since a bundle would hide the mutant. */
export const NO_BUNDLES: SkipReason =
  !existsSync(new URL('../../parties/', import.meta.url)) && 'there are no bundles of programs of parties';
