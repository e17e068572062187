/** What a person has to mend at this site before a command does anything. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
