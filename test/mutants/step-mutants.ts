import { readFileSync } from 'node:fs';
import type { Mutant } from './mutant.js';

/** How a privacy step of `test/attacks/privacy-steps.md` is taken out: `find` stands once in the file. */
export interface Step {
  readonly file: string;
  /** As the list has it. */
  readonly step: string;
  readonly find: string;
  readonly replace: string;
  /** The ends of the paths of the specs that must notice it. */
  readonly specs: readonly string[];
}

/** The steps that have a way to take them out. */
export function readSteps(): Step[] {
  return JSON.parse(readFileSync('test/mutants/steps.json', 'utf8')) as Step[];
}

export function stepMutants(): Mutant[] {
  return readSteps().map(({ file, step, find, replace, specs }) => {
    const start = readFileSync(file, 'utf8').indexOf(find);
    if (start < 0) throw new Error(`${file} has no ${find}: how is "${step}" taken out now?`);
    return { file, start, end: start + find.length, replacement: replace, kind: 'step', specs };
  });
}
