/** Names of files in the folder of a run of `psi` on SPU. */
export const FILES = { keys: 'keys.csv', found: 'found.csv' } as const;

/** End on the progress bar of reading keys. SPU comes next. */
export const SCANNED = 0.2;
