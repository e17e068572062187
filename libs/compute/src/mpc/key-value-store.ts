/**
 * An oblivious key-value store (Garimella, Pinkas, Rosulek, Trieu, Yanai, CRYPTO 2021: the garbled cuckoo table with three hashes). Each key has
 * three sparse places and a random choice of the dense ones; its value is the XOR of what stands there. Where values are random, the table is
 * uniform whatever the keys are, so it tells only their number.
 *
 * Keys are outputs of an OPRF (`OUTPUT_BYTES` each, one after the other), of which bytes 16 to 49 are read. A value is 16 bytes.
 */
import { randomBytes } from 'node:crypto';
import { OUTPUT_BYTES } from './oprf.js';

/** Words of 32 bits of a value. */
export const VALUE_WORDS = 4;
const DENSE = 128;
/**
 * Places for a key, and more for few keys. Peeling stops at 1.22 places for a key; with these it leaves a handful, and the dense places hold up to 88 but with a
 * chance of 2^-40.
 */
const PLACES_PER_KEY = 1.4;
const MORE_PLACES = 512;

/** Sparse places of a table of so many keys, a multiple of 3. */
const sparseOf = (keys: number): number => 3 * Math.ceil((keys * PLACES_PER_KEY + MORE_PLACES) / 3);

/** 32-bit words of a table of so many keys: the sparse places, then the dense ones. */
export const wordsOf = (keys: number): number => (sparseOf(keys) + DENSE) * VALUE_WORDS;

/** The places of the key at index `at` in a table with so many sparse ones. */
function sparsePlaces(keys: Buffer, at: number, sparse: number): readonly [number, number, number] {
  const third = sparse / 3;
  const from = at * OUTPUT_BYTES + 32;
  return [
    keys.readUIntLE(from, 6) % third,
    third + (keys.readUIntLE(from + 6, 6) % third),
    2 * third + (keys.readUIntLE(from + 12, 6) % third),
  ];
}

function densePlaces(keys: Buffer, at: number, sparse: number): number[] {
  const places: number[] = [];
  for (let bit = 0; bit < DENSE; bit += 1) {
    if (((keys[at * OUTPUT_BYTES + 16 + (bit >> 3)]! >> (bit & 7)) & 1) === 1) places.push(sparse + bit);
  }
  return places;
}

/** XORs what stands at these places of the table to the value at index `at` of `values`. */
function gather(table: Uint32Array, places: readonly number[], values: Uint32Array, at: number): void {
  for (const place of places) {
    for (let word = 0; word < VALUE_WORDS; word += 1)
      values[at * VALUE_WORDS + word]! ^= table[place * VALUE_WORDS + word]!;
  }
}

/**
 * XORs the value of each key in a table of `size` keys to the value at the key's index of `values`: a random one where the table lacks
 * the key.
 */
export function addValues(table: Uint32Array, size: number, keys: Buffer, values: Uint32Array): void {
  const sparse = sparseOf(size);
  for (let at = 0; at * OUTPUT_BYTES < keys.length; at += 1) {
    gather(table, sparsePlaces(keys, at, sparse), values, at);
    gather(table, densePlaces(keys, at, sparse), values, at);
  }
}

/** The table in which each key has the value at its index (`VALUE_WORDS` words each). Error with a chance of 2^-40. */
export function storeOf(keys: Buffer, values: Uint32Array): Uint32Array {
  const size = keys.length / OUTPUT_BYTES;
  const sparse = sparseOf(size);
  const random = randomBytes(wordsOf(size) * 4);
  const table = new Uint32Array(random.buffer.slice(random.byteOffset, random.byteOffset + random.byteLength));
  const valueOf = (key: number): Uint32Array => values.slice(key * VALUE_WORDS, (key + 1) * VALUE_WORDS);
  const { peeled, core } = peel(keys, sparse);
  const equations = core.map((key) => {
    const value = valueOf(key);
    gather(table, sparsePlaces(keys, key, sparse), value, 0);
    const bits = densePlaces(keys, key, 0).reduce((sum, place) => sum | (1n << BigInt(place)), 0n);
    return { places: bits, value };
  });
  solve(table, equations, sparse);
  // The last that was peeled comes first: those before it have places of their own, which it does not use.
  for (const [key, own] of peeled.reverse()) {
    const value = valueOf(key);
    gather(
      table,
      sparsePlaces(keys, key, sparse).filter((place) => place !== own),
      value,
      0,
    );
    gather(table, densePlaces(keys, key, sparse), value, 0);
    table.set(value, own * VALUE_WORDS);
  }
  return table;
}

interface Peeled {
  /** Keys, each with a sparse place that no key uses which was peeled later, or was left. */
  readonly peeled: [key: number, own: number][];
  /** The keys that are left. */
  readonly core: number[];
}

/** Takes keys away while one has a sparse place to itself. */
function peel(keys: Buffer, sparse: number): Peeled {
  const size = keys.length / OUTPUT_BYTES;
  const users = new Uint32Array(sparse);
  const xorOfUsers = new Uint32Array(sparse);
  const turn = (key: number, by: 1 | -1): readonly number[] => {
    const places = sparsePlaces(keys, key, sparse);
    for (const place of places) {
      users[place]! += by;
      xorOfUsers[place]! ^= key;
    }
    return places;
  };
  for (let key = 0; key < size; key += 1) turn(key, 1);
  const isPeeled = new Uint8Array(size);
  const peeled: [number, number][] = [];
  const single = [...users.keys()].filter((place) => users[place] === 1);
  for (let own = single.pop(); own !== undefined; own = single.pop()) {
    if (users[own] !== 1) continue;
    const key = xorOfUsers[own]!;
    isPeeled[key] = 1;
    peeled.push([key, own]);
    single.push(...turn(key, -1).filter((place) => users[place] === 1));
  }
  return { peeled, core: [...isPeeled.keys()].filter((key) => isPeeled[key] === 0) };
}

/** The XOR of what stands at these dense places, a bit each, is the value. */
interface Equation {
  places: bigint;
  readonly value: Uint32Array;
}

/** Sets dense places so that all equations hold, by Gaussian elimination; the others stay random. */
function solve(table: Uint32Array, equations: readonly Equation[], sparse: number): void {
  const solved: { readonly pivot: bigint; readonly equation: Equation }[] = [];
  for (const equation of equations) {
    for (const each of solved) if ((equation.places & each.pivot) !== 0n) subtract(equation, each.equation);
    if (equation.places === 0n) throw new Error('the keys do not fit into the table');
    const pivot = equation.places & -equation.places;
    for (const each of solved) if ((each.equation.places & pivot) !== 0n) subtract(each.equation, equation);
    solved.push({ pivot, equation });
  }
  for (const { pivot, equation } of solved) {
    const others = [...Array(DENSE).keys()].filter((bit) => (((equation.places ^ pivot) >> BigInt(bit)) & 1n) === 1n);
    gather(
      table,
      others.map((bit) => sparse + bit),
      equation.value,
      0,
    );
    table.set(equation.value, (sparse + pivot.toString(2).length - 1) * VALUE_WORDS);
  }
}

function subtract(from: Equation, other: Equation): void {
  from.places ^= other.places;
  from.value.forEach((word, at) => (from.value[at] = word ^ other.value[at]!));
}
