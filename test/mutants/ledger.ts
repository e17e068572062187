import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mutated, type Mutant } from './mutant.js';
import type { Counts } from './score.js';

/** What became of a mutant, and the spec that told. */
export interface Found {
  readonly fate: keyof Counts;
  readonly by?: string;
}

interface Line extends Found {
  readonly key: string;
  readonly file: string;
}

const FOLDER = join('.cache', 'mutants');

/**
 * What became of the mutants of a set so far, a line each: a run goes on where the last one ended, whatever ended it, and shards
 * add up. When a source file changes, its mutants are others.
 */
export class Ledger {
  private readonly path: string;
  private readonly lines = new Map<string, Line>();

  constructor(set: string) {
    mkdirSync(FOLDER, { recursive: true });
    this.path = join(FOLDER, `${set.replace('/', '-')}.jsonl`);
    this.read();
  }

  /** What other shards have found meanwhile as well. */
  read(): void {
    if (!existsSync(this.path)) return;
    for (const line of readFileSync(this.path, 'utf8').split('\n').filter(Boolean)) {
      const one = JSON.parse(line) as Line;
      this.lines.set(one.key, one);
    }
  }

  forget(): void {
    rmSync(this.path, { force: true });
    this.lines.clear();
  }

  found(mutant: Mutant, text: string): Found | undefined {
    return this.lines.get(keyOf(mutant, text));
  }

  add(mutant: Mutant, text: string, found: Found): void {
    const line: Line = { key: keyOf(mutant, text), file: mutant.file, ...found };
    this.lines.set(line.key, line);
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }

  /** How many mutants of a file a spec has killed. */
  killsOf(file: string, spec: string): number {
    return [...this.lines.values()].filter((line) => line.file === file && line.by === spec && line.fate === 'killed')
      .length;
  }
}

function keyOf(mutant: Mutant, text: string): string {
  return createHash('sha256')
    .update(`${mutant.file}\n${mutated(text, mutant)}`)
    .digest('base64url')
    .slice(0, 16);
}
