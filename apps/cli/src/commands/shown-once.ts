import { open, rm, writeFile } from 'node:fs/promises';

/** Makes something with a secret that the API shows once. `out`: a new file for it, made first, since a secret that cannot be written is lost. */
export async function madeWithSecret<Made>(
  out: string | undefined,
  make: () => Promise<Made>,
  secretOf: (made: Made) => string | null,
): Promise<Made> {
  const file = out === undefined ? undefined : await open(out, 'wx', 0o600);
  const made = await make()
    .catch(async (error: unknown) => {
      if (out !== undefined) await rm(out);
      throw error;
    })
    .finally(() => file?.close());
  if (out !== undefined) await writeFile(out, `${secretOf(made)}\n`);
  return made;
}
