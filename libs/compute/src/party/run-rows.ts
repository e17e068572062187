import type { InputFile } from './input-files.js';
import { withLearnt, type RowSets, type OutputRows, type RowSet } from './row-sets.js';
import { statedSize } from './stated-size.js';

/** A file that was written: where it lies for now, and a number of bytes. */
interface Written {
  readonly path: string;
  readonly bytes: number;
}

/** The sets of rows of what one run reads and writes. */
export class RunRows {
  /** Of the files that were read, by the name that the run gave them. */
  private readonly read = new Map<string, RowSet>();
  /** Of those files that the run uses in part: these rows. */
  private readonly used = new Map<string, RowSet>();
  /** Of the files that were noted, by their names. */
  private readonly written = new Map<string, OutputRows & Written>();

  constructor(private readonly sets: RowSets) {}

  /** Takes a file that was opened: all rows of the dataset that has this digest, or else those that its lineage says. */
  async take(label: string, digest: string | undefined, file: InputFile, known: RowSet | undefined): Promise<void> {
    const rows = digest === undefined ? known : await this.sets.ofDataset(digest, file);
    if (rows !== undefined) this.read.set(label, rows);
  }

  /** Whether the rows of a file that was opened are known. */
  get areKnown(): boolean {
    return this.read.size > 0;
  }

  /** Whether somebody else chose rows that were read. */
  get areChosen(): boolean {
    return withLearnt([...this.read.values()]).some(({ chosen }) => chosen);
  }

  /**
   * Notes an output, and returns the size to state. Of a table it is no less than that of the tables it was made of, so that it
   * is the same whichever of its rows somebody chose.
   */
  note(name: string, rows: OutputRows | undefined, { path, bytes: size }: Written): number {
    const sources = rows ? this.sourcesOf(rows) : [];
    const bytes = statedSize(
      Math.max(
        size,
        sources.reduce((sum, source) => sum + (source?.bytes ?? 0), 0),
      ),
    );
    if (rows !== undefined) this.written.set(name, { ...rows, path, bytes });
    return bytes;
  }

  /** By the name of each file that was noted, as far as the rows of its source are known. */
  async ofOutputs(): Promise<Readonly<Record<string, RowSet>>> {
    const rows: Record<string, RowSet> = {};
    for (const [name, { bytes, learnt = [], ...written }] of this.written) {
      const set = await this.setOf(written);
      if (set === undefined) continue;
      const from = withLearnt([...learnt.flatMap((label) => this.read.get(label) ?? []), ...(set.learnt ?? [])]);
      const others = from.flatMap((each) => (each.ids === set.ids ? [] : [{ ...each, isLearntFrom: true as const }]));
      rows[name] = { ...set, bytes, ...(others.length > 0 && { learnt: others }) };
    }
    return rows;
  }

  /**
   * What a reservation judges, where a figure may cover no fewer rows than `least`. From here on it is judged by the rows that the
   * run `uses` of a file that was opened, in place of all: figures, and how the run fails.
   */
  async judgedBy(
    least: number,
    uses?: Pick<OutputRows, 'of' | 'picks'>,
  ): Promise<{ readonly sets: readonly RowSet[]; readonly least: number; readonly known: RowSets }> {
    const source = uses && this.read.get(uses.of);
    if (source !== undefined) this.used.set(uses!.of, await this.sets.ofOutput(source, uses!));
    return { sets: this.behindFigures, least, known: this.sets };
  }

  private async setOf({ path, isMade, ...rows }: OutputRows & Pick<Written, 'path'>): Promise<RowSet | undefined> {
    const sources = this.sourcesOf(rows).filter((source) => source !== undefined);
    if (isMade) return sources.length > 0 ? this.sets.ofMade(path) : undefined;
    if (sources.length < 1 + (rows.also?.length ?? 0)) return undefined;
    return rows.also ? this.sets.ofUnion(sources) : this.sets.ofOutput(sources[0]!, rows);
  }

  private sourcesOf({ of, also = [] }: OutputRows): readonly (RowSet | undefined)[] {
    return [of, ...also].map((label) => this.read.get(label));
  }

  /**
   * The rows that a figure of what was read is about. Where somebody chose the rows of a file that is used in part, those as well:
   * that the run got so far says that all their values are in order, and sizes may be of all.
   */
  private get behindFigures(): readonly RowSet[] {
    return withLearnt(
      [...this.read].flatMap(([label, all]) => {
        const used = this.used.get(label);
        if (used === undefined) return [all];
        return all.chosen ? [all, used] : [used];
      }),
    );
  }
}
