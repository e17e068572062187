import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackage } from './debian-package.js';

/** Steps the clock that processes read. Give `skip` to `itUnless`: false, or why it cannot be had. */
export interface Faketime {
  readonly skip: false | string;
  /** What a process needs in its environment, to read the clock with the steps that `file` has. */
  env(file: string): Record<string, string>;
  /** Sets the clock this far from the machine's, for all processes with this file. */
  set(file: string, seconds: number): void;
  remove(): void;
}

/** libfaketime of Debian's package, unpacked into a temporary folder. It leaves the monotonic clock alone. */
export async function findFaketime(): Promise<Faketime> {
  const { root, skip, remove } = await unpackDebianPackage('libfaketime');
  const file = skip
    ? ''
    : readdirSync(root, { recursive: true, encoding: 'utf8' }).find((name) => /libfaketime\.so/.test(name))!;
  return {
    skip,
    env: (steps) => ({
      LD_PRELOAD: join(root, file),
      FAKETIME_TIMESTAMP_FILE: steps,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }),
    set: (steps, seconds) => writeFileSync(steps, `${seconds < 0 ? '' : '+'}${seconds}\n`),
    remove,
  };
}
