import { joined, nextBytes, sized } from './bit-strings.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * One bit of several for each row, as the asker chooses: oblivious transfer with correlations of the dealer (D. Beaver,
 * "Precomputing Oblivious Transfer", CRYPTO 1995, section 2). A row's options are the bit 0 (option 0) and one bit of
 * each list of the answerer (options 1, 2, …), filled up with zeros to a power of two, m. With m bits r of the answerer
 * and an option c of the asker, both random, and r_c, which the dealer sends the asker:
 *
 *     asker     sends d = choice ^ c
 *     answerer  sends, for each option j, bit_j ^ r_(j ^ d)
 *     asker     opens the one of its choice by r_c
 *
 * The asker learns one bit of a row, whatever it asks; the answerer learns nothing. Several groups of lists, each with a
 * choice for each row, go in one exchange.
 */
export interface ChosenBits {
  readonly rows: number;
  /** The number of lists in each group. */
  readonly lists: readonly number[];
}

/** The number of options of a row, the bytes of a list of bits, and the rows that fill them. */
const optionsOf = (lists: number): number => 2 ** Math.ceil(Math.log2(lists + 1));
const widthOf = (rows: number): number => Math.ceil(rows / 8);
const filled = (rows: number): number => 8 * widthOf(rows);
const OPTION_BYTES = 2;

/** The bytes of the longest message of an exchange. */
export function chosenBytes({ rows, lists }: ChosenBits): number {
  const options = lists.reduce((sum, count) => sum + optionsOf(count), 0);
  return Math.max(options * widthOf(rows), lists.length * filled(rows) * OPTION_BYTES);
}

/** The most lists of a group: an option has 16 bits. */
export const MAX_LISTS = 2 ** (8 * OPTION_BYTES) - 1;

/** The chosen bits of the rows by group. `choices[group][row]` is an option: 0, or the place of a list, from 1. */
export async function askChosen(
  session: PartySession,
  lists: readonly number[],
  choices: readonly Uint16Array[],
): Promise<Uint8Array[]> {
  const rows = filled(choices[0]?.length ?? 0);
  const own = choices.map((_, group) => drawnOptions(nextBytes(session.masks, rows * OPTION_BYTES), lists[group]!));
  const sent = new Uint16Array(choices.length * rows);
  choices.forEach((choice, group) => {
    for (let row = 0; row < rows; row += 1) sent[group * rows + row] = (choice[row] ?? 0) ^ own[group]![row]!;
  });
  await session.peer.send(new Uint8Array(sent.buffer));
  const width = widthOf(rows);
  const answer = sized(
    await session.peer.receive(),
    lists.reduce((sum, count) => sum + optionsOf(count) * width, 0),
  );
  const masks = sized(await session.dealer.receive(), choices.length * width);
  let from = 0;
  return choices.map((choice, group) => {
    const bits = Uint8Array.from(
      choice,
      (option, row) => bitAt(answer, from + option * width, row) ^ bitAt(masks, group * width, row),
    );
    from += optionsOf(lists[group]!) * width;
    return bits;
  });
}

/** The answerer's side of {@link askChosen}: `bits` holds its lists, group by group, each from a new byte. */
export async function answerChosen(
  session: PartySession,
  { rows, lists }: ChosenBits,
  bits: Uint8Array,
): Promise<void> {
  const width = widthOf(rows);
  const all = filled(rows);
  const asked = sized(await session.peer.receive(), lists.length * all * OPTION_BYTES).slice();
  const differences = new Uint16Array(asked.buffer);
  const answers = lists.map((count, group) => {
    const options = optionsOf(count);
    const random = nextBytes(session.masks, options * width);
    const answer = new Uint8Array(options * width);
    const first = lists.slice(0, group).reduce((sum, each) => sum + each, 0);
    answer.set(bits.subarray(first * width, (first + count) * width), width);
    for (let row = 0; row < all; row += 1) {
      const difference = differences[group * all + row]! & (options - 1);
      const mark = row & 7;
      for (let option = 0; option < options; option += 1) {
        answer[option * width + (row >>> 3)]! ^= bitAt(random, (option ^ difference) * width, row) << mark;
      }
    }
    return answer;
  });
  await session.peer.send(joined(...answers));
}

/** The dealer's part of {@link askChosen}. */
export async function dealChosen(asker: DealtParty, answerer: DealtParty, { rows, lists }: ChosenBits): Promise<void> {
  const width = widthOf(rows);
  const masks = lists.map((count) => {
    const own = drawnOptions(nextBytes(asker.masks, filled(rows) * OPTION_BYTES), count);
    const random = nextBytes(answerer.masks, optionsOf(count) * width);
    const known = new Uint8Array(width);
    own.forEach((option, row) => (known[row >>> 3]! |= bitAt(random, option * width, row) << (row & 7)));
    return known;
  });
  await asker.channel.send(joined(...masks));
}

/** A uniform option for each row. */
function drawnOptions(bytes: Uint8Array, lists: number): Uint16Array {
  const options = new Uint16Array(bytes.slice().buffer);
  return options.map((each) => each & (optionsOf(lists) - 1));
}

const bitAt = (bytes: Uint8Array, from: number, row: number): number => (bytes[from + (row >>> 3)]! >>> (row & 7)) & 1;
