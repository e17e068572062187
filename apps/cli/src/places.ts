import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { InputFault } from '#libs/chain-domain';
import type { PlacedFault } from './failure.js';

/** Adds the place of each fault in a text of JSON or YAML, and puts them in the order of the text. Parses it only when there is something to place. */
export function placeIn(text: string, faults: readonly PlacedFault[]): PlacedFault[] {
  if (!faults.some(({ pointer, line }) => pointer !== undefined && line === undefined)) return [...faults];
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const placed = faults.map((fault) => {
    if (fault.pointer === undefined || fault.line !== undefined) return fault;
    const { line, col: column } = lines.linePos(offsetOf(contents, fault.pointer));
    return { ...fault, line, column };
  });
  return placed.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Where a JSON pointer leads: to the key of a value; where it leads nowhere, to the last place on its way. */
function offsetOf(root: Node | null, pointer: InputFault['pointer'] & string): number {
  let offset = root?.range?.[0] ?? 0;
  let node: unknown = root;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      if (!isPair(pair)) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(name)];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
