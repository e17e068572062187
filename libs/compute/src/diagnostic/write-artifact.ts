import type { PartyProgram } from '../party/party-program.js';

/** Writes an artifact that belongs to no party. */
export const run: PartyProgram<{ readonly name: string }, null> = async (context, { name }) => {
  const output = await context.createOutput({ name, mediaType: 'text/plain; charset=us-ascii' });
  await output.write('diagnostic\n');
  await output.finish();
  return null;
};
