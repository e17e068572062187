import type { PartyContext } from './party-program.js';

/**
 * Keeps a value as a JSON file of the party, by default as its artifact `name`; the same value gives the same bytes. Returns the
 * reference.
 */
export async function writeJson(
  context: PartyContext,
  target: string | null,
  name: string,
  value: object,
): Promise<string> {
  const output = await context.createOutput({
    ...(target !== null && { target }),
    name,
    mediaType: 'application/json',
  });
  await output.write(`${JSON.stringify(value, null, 2)}\n`);
  await output.finish();
  return output.reference;
}
