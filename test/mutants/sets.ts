import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded, shuffled } from '../faults/random.js';
import { codeMutants } from './code-mutants.js';
import type { Mutant } from './mutant.js';
import { sqlMutants } from './sql-mutants.js';
import { stepMutants } from './step-mutants.js';

/** The mutants that are tried, in the order of the seed, and how many there are in all. */
export interface Drawn {
  readonly mutants: Mutant[];
  readonly of: number;
}

/** Where the samples begin. */
export const SEED = 14;

const CODE = /(?<!\.spec|-for-tests|\.d)\.ts$/;
const PURE = ['dag-planner', 'chain-domain', 'consent', 'chain-view'];
const SAMPLED = ['repositories', 'chain-engine', 'queues', 'compute'];
const SQL = ['libs/repositories/src/statements', 'libs/repositories/src/reads', 'libs/queues/src/postgres-channel.ts'];

/** How many mutants of a lib that is not tried in full. */
const SAMPLE = 300;

type Draw = (sample?: number) => Promise<Drawn>;

/** Every set of mutants by its name: how to draw it, or so many of it. */
export const SETS: Readonly<Record<string, Draw>> = {
  ...Object.fromEntries(
    PURE.map((lib): [string, Draw] => [
      `pure/${lib}`,
      async (sample) => drawn(await ofCode([`libs/${lib}/src`]), sample),
    ]),
  ),
  ...Object.fromEntries(
    SAMPLED.map((lib): [string, Draw] => [
      `sample/${lib}`,
      async (sample = SAMPLE) => drawn(await ofCode([`libs/${lib}/src`]), sample),
    ]),
  ),
  'sample/apps': async (sample = SAMPLE) =>
    drawn(await ofCode(readdirSync('apps').map((app) => `apps/${app}/src`)), sample),
  sql: async (sample) =>
    drawn(
      filesOf(SQL).flatMap((file) => sqlMutants(file, readFileSync(file, 'utf8'))),
      sample,
    ),
  steps: async (sample) => drawn(stepMutants(), sample),
};

function drawn(mutants: Mutant[], sample?: number): Drawn {
  return {
    mutants: shuffled(seeded(SEED), mutants).slice(0, sample),
    of: mutants.length,
  };
}

async function ofCode(folders: readonly string[]): Promise<Mutant[]> {
  const mutants: Mutant[] = [];
  for (const file of filesOf(folders)) mutants.push(...(await codeMutants(file, readFileSync(file, 'utf8'))));
  return mutants;
}

function filesOf(places: readonly string[]): string[] {
  return places.flatMap((place) =>
    place.endsWith('.ts')
      ? [place]
      : readdirSync(place, { recursive: true, encoding: 'utf8' })
          .filter((name) => CODE.test(name))
          .map((name) => join(place, name))
          .sort(),
  );
}
