import ts from 'typescript';
import type { Mutant } from './mutant.js';

/** A token, or a group of them: what stands in brackets or between CASE and END. */
interface Node {
  readonly text: string;
  readonly start: number;
  end: number;
  readonly children?: Node[];
}

const TOKEN =
  /\s+|--[^\n]*|'(?:[^']|'')*'|"[^"]*"|->>|->|#>>|#>|\|\||::|@>|<@|<>|<=|>=|=>|\$\d+|[A-Za-z_][\w.]*|\d[\w.]*|[^\s]/gy;
/** A template of SQL holds one of these words. */
const SQL = /\b(SELECT|UPDATE|DELETE|INSERT|WHERE|AND|NOT|IN|IS)\b/;
const TURNED: Readonly<Record<string, string>> = { '=': '<>', '<>': '=', '<': '>', '>': '<', '<=': '>=', '>=': '<=' };
/** After these a condition begins, which is mutated also where it has one term. */
const CONDITION = new Set(['WHERE', 'ON', 'HAVING', 'WHEN']);
/** These end an expression. */
const ENDS = new Set([
  ...['WHERE', 'ON', 'HAVING', 'WHEN', 'THEN', 'ELSE', 'END', 'GROUP', 'ORDER', 'LIMIT', 'OFFSET', 'FOR', 'FROM', 'AS'],
  ...['RETURNING', 'UNION', 'WINDOW', 'JOIN', 'CROSS', 'LEFT', 'SET', 'SELECT', 'DO', 'USING', 'VALUES', ',', ';'],
]);
/** From these on `=` compares; after SET it assigns. */
const READS = new Set(['WHERE', 'FROM', 'RETURNING', 'SELECT', 'WITH']);

/**
 * Mutants of the SQL in a file's templates: a term of a condition dropped, a comparison turned, a lock removed, a LIMIT changed. A
 * dropped term stays in the text without effect, so that the statement keeps its parameters.
 */
export function sqlMutants(file: string, text: string): Mutant[] {
  const found: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    const isTemplate = ts.isTemplateExpression(node) || ts.isStringLiteralLike(node);
    if (isTemplate && SQL.test(text.slice(node.getStart(), node.end))) found.push(...inTemplate(file, text, node));
    else ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function inTemplate(file: string, text: string, template: ts.TemplateExpression | ts.StringLiteralLike): Mutant[] {
  const start = template.getStart() + 1;
  let sql = text.slice(start, template.end - 1);
  // A substitution counts as one word of the same length.
  if (ts.isTemplateExpression(template)) {
    for (const { expression, literal } of template.templateSpans) {
      const [from, to] = [expression.pos - 2 - start, literal.getStart() + 1 - start];
      sql = sql.slice(0, from) + 'x'.repeat(to - from) + sql.slice(to);
    }
  }
  const change = (kind: string, from: number, to: number, replacement: (old: string) => string): Mutant => {
    const old = text.slice(start + from, start + to);
    return { file, start: start + from, end: start + to, kind, replacement: replacement(old) };
  };
  return [...changes(grouped(sql), change)];
}

type Change = (kind: string, from: number, to: number, replacement: (old: string) => string) => Mutant;

/** The tokens of a text, those in brackets and of CASE in groups. */
function grouped(sql: string): Node[] {
  const open: Node[] = [{ text: '', start: 0, end: 0, children: [] }];
  for (const { 0: text, index } of sql.matchAll(TOKEN)) {
    if (/^(\s|--)/.test(text)) continue;
    const end = index + text.length;
    if (text === '(' || text === '[' || text === 'CASE') open.push({ text, start: index, end, children: [] });
    else if (open.length > 1 && (text === ')' || text === ']' || (text === 'END' && open.at(-1)!.text === 'CASE'))) {
      const group = open.pop()!;
      group.end = end;
      open.at(-1)!.children!.push(group);
    } else open.at(-1)!.children!.push({ text, start: index, end });
  }
  return open[0]!.children!;
}

function* changes(nodes: Node[], change: Change, isCase = false): Generator<Mutant> {
  yield* terms(nodes, change, isCase);
  let assigns = false;
  for (const [i, node] of nodes.entries()) {
    const [before, next] = [nodes[i - 1], nodes[i + 1]];
    const turn = (kind: string, to: Node, words: string, from = node) => change(kind, from.start, to.end, () => words);
    if (node.children !== undefined) yield* changes(node.children, change, node.text === 'CASE');
    if (node.text === 'SET' || (assigns === false && node.text === ',' && inSet(nodes, i))) assigns = true;
    else if (TURNED[node.text] !== undefined) {
      if (assigns) assigns = false;
      else if (next?.text === 'ANY') yield turn('comparison', next, `${TURNED[node.text]} ALL`);
      else yield turn('comparison', node, TURNED[node.text]!);
    } else if (node.text === 'IS' && next !== undefined)
      yield next.text === 'NOT' ? turn('comparison', next, 'IS') : turn('comparison', node, 'IS NOT');
    else if ((node.text === 'IN' && next?.text === '(') || node.text === 'EXISTS')
      yield before?.text === 'NOT'
        ? turn('comparison', node, node.text, before)
        : turn('comparison', node, `NOT ${node.text}`);
    else if (node.text === 'FOR') yield* locks(nodes, i, change);
    else if (/^pg_(try_)?advisory/.test(node.text) && next !== undefined)
      yield change('lock', node.start, next.end, () => 'true');
    else if (node.text === 'LIMIT' && next !== undefined)
      // Of a limit that only bounds the work one more shows nowhere.
      yield change('limit', next.start, next.end, (old) => (Number(old) > 10 ? '1' : `(${old} + 1)`));
  }
}

function inSet(nodes: readonly Node[], i: number): boolean {
  const last = nodes.slice(0, i).findLast(({ text }) => text === 'SET' || READS.has(text));
  return last?.text === 'SET';
}

function* locks(nodes: readonly Node[], i: number, change: Change): Generator<Mutant> {
  const words = nodes.slice(i + 1).map(({ text }) => text);
  const strength = /^(NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)( SKIP LOCKED| NOWAIT)?/.exec(words.join(' '));
  if (strength === null) return;
  const last = nodes[i + strength[0].split(' ').length]!;
  yield change('lock', nodes[i]!.start, last.end, () => '');
  if (strength[2] === ' SKIP LOCKED')
    yield change('lock', nodes[i + strength[1]!.split(' ').length + 1]!.start, last.end, () => '');
}

interface Term {
  readonly from: number;
  readonly to: number;
  joint: Set<string>;
}

/** Terms of conditions, and of other expressions with AND or OR, each made true or, beside OR alone, false. */
function* terms(nodes: readonly Node[], change: Change, isCase: boolean): Generator<Mutant> {
  let run: Term[] = [];
  let first = 0;
  let condition = false;
  let joint: string | undefined;
  let between = false;
  let assigns = false;
  // CASE x WHEN y compares; only CASE WHEN y has conditions.
  const hasConditions = !isCase || nodes[0]?.text === 'WHEN';
  for (let i = 0; i <= nodes.length; i++) {
    const word = nodes[i]?.text ?? ';';
    const joins = (word === 'AND' && !between) || word === 'OR';
    if (word === 'BETWEEN') between = true;
    else if (word === 'AND') between = false;
    if (word === 'SET' || (word === ',' && inSet(nodes, i))) assigns = true;
    const ofDistinct = word === 'FROM' && nodes[i - 1]?.text === 'DISTINCT' && nodes[i - 2]?.text !== 'SELECT';
    const ends = (ENDS.has(word) && !ofDistinct) || (word === '=' && assigns);
    if (!joins && !ends) continue;
    if (i > first) {
      const term = { from: nodes[first]!.start, to: nodes[i - 1]!.end, joint: new Set<string>() };
      if (joint !== undefined) term.joint.add(joint);
      if (joins) term.joint.add(word);
      run.push(term);
    }
    first = i + 1;
    joint = joins ? word : undefined;
    if (joins) continue;
    for (const { from, to, joint: joints } of condition || run.length > 1 ? run : []) {
      const neutral = joints.has('AND') || joints.size === 0 ? 'OR true' : 'AND false';
      const mutant = change('term', from, to, (old) => `(${old} ${neutral})`);
      if (!/^\((true|false) /.test(mutant.replacement)) yield mutant;
    }
    run = [];
    condition = CONDITION.has(word) && hasConditions && nodes[i + 1]?.text !== 'CONFLICT';
    if (word === '=') assigns = false;
  }
}
