import type { SecretKeys } from '#libs/platform';

/** The keys that seal secrets; undefined where none is configured. */
export class SealingKeys {
  constructor(readonly keys: SecretKeys | undefined) {}
}
