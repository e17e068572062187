import { createHash, randomBytes, randomInt } from 'node:crypto';

/** A table with canaries in it: each id begins with a word that is nowhere else, and one more row has such a number in each column. */
export interface PlantedTable {
  readonly party: string;
  /** CSV. */
  readonly text: string;
  /** The ids of all rows. */
  readonly ids: readonly string[];
  /** By column: the number, as the table writes it. */
  readonly numbers: Readonly<Record<string, string>>;
}

/** A word for the ids of one run of the demo. */
export const makeWord = (): string => `canary${randomBytes(6).toString('hex')}`;

/**
 * Plants canaries in a table of numbers whose first column is `id`. The row more belongs to nobody else, and its numbers differ from those of the
 * first row after the last decimal alone. Columns in `plain` keep the first row's value, such as a label that is 0 or 1.
 */
export function plantCanaries(csv: string, word: string, party: string, plain: readonly string[]): PlantedTable {
  const [header = '', ...rows] = csv.trimEnd().split('\n');
  const columns = header.split(',').slice(1);
  const [, ...first] = rows[0]!.split(',');
  const values = columns.map((column, at) => (plain.includes(column) ? first[at]! : likeNumber(first[at]!)));
  const all = [...rows, ['', ...values].join(',')].map((row, at) => (at < rows.length ? row : `of-${party}${row}`));
  const planted = all.map((row) => `${word}-${row}`);
  return {
    party,
    text: `${[header, ...planted].join('\n')}\n`,
    ids: planted.map((row) => row.slice(0, row.indexOf(','))),
    numbers: Object.fromEntries(
      columns.flatMap((column, at) => (plain.includes(column) ? [] : [[column, values[at]!] as const])),
    ),
  };
}

/** A number next to this one, with nine digits more: a double keeps all of them. */
function likeNumber(value: string): string {
  return `${value}${value.includes('.') ? '' : '.'}${randomInt(10_000_000, 100_000_000)}${randomInt(1, 10)}`;
}

/** What no site has itself. */
export const HASHES = 'hashes of ids';

/** What to look for, by its name. */
export type Needles = ReadonlyMap<string, readonly Buffer[]>;

/** The forms in which something of these tables could lie somewhere: text, base64, SHA-256, and numbers as doubles. */
export function needlesOf(word: string, tables: readonly PlantedTable[]): Needles {
  return needlesWith([...textsOf(word), ...base64sOf(word)], tables);
}

/**
 * The same of the tables of others than this party: what its site must not have. Ids of them alone are looked for as they are: all begin alike. One
 * with which an id of its own begins is left out.
 */
export function needlesOfOthers(party: string, tables: readonly PlantedTable[]): Needles {
  const own = tables.filter((table) => table.party === party).flatMap(({ ids }) => ids);
  const others = tables
    .filter((table) => table.party !== party)
    .map((table) => ({ ...table, ids: table.ids.filter((id) => !own.some((each) => each.startsWith(id))) }));
  return needlesWith(
    others.flatMap(({ ids }) => ids.flatMap(textsOf)),
    others,
  );
}

function needlesWith(ofIds: readonly Buffer[], tables: readonly PlantedTable[]): Needles {
  const needles = new Map<string, readonly Buffer[]>([['ids', ofIds]]);
  const ids = [...new Set(tables.flatMap((table) => table.ids))];
  needles.set(HASHES, ids.flatMap(hashesOf));
  for (const [column, text] of tables.flatMap(({ numbers }) => Object.entries(numbers))) {
    needles.set(column, [...numbersOf(text), ...base64sOf(text), ...hashesOf(text)]);
  }
  return needles;
}

function numbersOf(text: string): Buffer[] {
  const double = Buffer.alloc(16);
  double.writeDoubleLE(Number(text));
  double.writeDoubleBE(Number(text), 8);
  return [...textsOf(text), double.subarray(0, 8), double.subarray(8)];
}

/** PostgreSQL writes bytes as hex. */
const textsOf = (text: string): Buffer[] => [
  Buffer.from(text),
  Buffer.from(text, 'utf16le'),
  Buffer.from(Buffer.from(text).toString('hex')),
];

/** A number with at least twelve decimals, which no two rows have by chance; multiples of 1/1024, such as predictions, have ten. */
const LONG = /^-?\d+\.\d{12,}$/;
/** Rows of a file whose numbers are looked for: with many needles each byte of a large memory takes long. */
const ROWS = 3;

/** The numbers in a table that a task has made, as text and as doubles. */
export function needlesOfMade(csv: string): Buffer[] {
  const rows = csv.split('\n', ROWS + 1).slice(1);
  const long = rows.flatMap((row) => row.split(',')).filter((field) => LONG.test(field));
  return long.flatMap((text) => [Buffer.from(text), numbersOf(text).at(-2)!]);
}

function hashesOf(text: string): Buffer[] {
  const hash = createHash('sha256').update(text).digest();
  return [hash, Buffer.from(hash.toString('hex')), ...textsOf(hash.toString('base64').slice(0, 40))];
}

/** Wherever the text begins in what was encoded: the characters that depend on its neighbours are left out. */
function base64sOf(text: string): Buffer[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString('base64');
    return Buffer.from(encoded.replaceAll('=', '').slice(before === 0 ? 0 : before + 1, -1));
  });
}

/** Finds needles in what is read piece by piece. */
export class Haystack {
  /** The names of what was found. */
  readonly found = new Set<string>();
  /** Bytes that were looked at. */
  bytes = 0;
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly index: NeedleIndex) {}

  /** The next piece of what was read; pieces that do not follow on each other have a `cut` between them. */
  take(piece: Buffer): void {
    this.bytes += piece.length;
    const all = Buffer.concat([this.rest, piece]);
    this.index.find(all, this.found);
    this.rest = Buffer.from(all.subarray(Math.max(0, all.length - this.index.longest)));
  }

  cut(): void {
    this.rest = Buffer.alloc(0);
  }
}

/** Needles by their first bytes, so that one pass over many bytes finds all. */
export class NeedleIndex {
  readonly longest: number;
  private readonly firstTwo = new Uint8Array(65_536);
  private readonly byFour = new Map<number, { readonly name: string; readonly bytes: Buffer }[]>();

  constructor(needles: Needles) {
    let longest = 0;
    for (const [name, all] of needles) {
      for (const bytes of all) {
        longest = Math.max(longest, bytes.length);
        this.firstTwo[bytes.readUInt16LE(0)] = 1;
        const four = bytes.readUInt32LE(0);
        this.byFour.set(four, [...(this.byFour.get(four) ?? []), { name, bytes }]);
      }
    }
    this.longest = longest;
  }

  /** Adds the names of the needles that are in these bytes. */
  find(bytes: Buffer, found: Set<string>): void {
    for (let at = 0; at + 4 <= bytes.length; at += 1) {
      if (this.firstTwo[bytes[at]! | (bytes[at + 1]! << 8)] === 0) continue;
      for (const needle of this.byFour.get(bytes.readUInt32LE(at)) ?? [])
        if (bytes.subarray(at, at + needle.bytes.length).equals(needle.bytes)) found.add(needle.name);
    }
  }
}
