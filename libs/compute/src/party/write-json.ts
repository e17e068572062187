import type { PartyContext } from './party-program.js';
import type { OutputRows } from './row-sets.js';

/**
 * Keeps a value as a JSON file of the party, by default as its artifact `name`; the same value gives the same bytes. `rows`: those that it describes, where later
 * figures of the file are to be judged as figures of them. Returns the reference.
 */
export async function writeJson(
  context: PartyContext,
  target: string | null,
  name: string,
  value: object,
  rows?: OutputRows,
): Promise<string> {
  const output = await context.createOutput({
    ...(target !== null && { target }),
    name,
    mediaType: 'application/json',
    rows,
  });
  await output.write(`${JSON.stringify(value, null, 2)}\n`);
  await output.finish();
  return output.reference;
}
