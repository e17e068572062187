import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { plan, type Plan } from '#libs/dag-planner';
import { chain, chord, group, task, type Step } from './canvas.js';
import type { CreateChainRequest } from './generated/index.js';

/** What is written down, separate from what is made of it. `chord`: the last part is the callback. */
type Sketch =
  { readonly kind: 'task' } | { readonly kind: 'chain' | 'group' | 'chord'; readonly parts: readonly Sketch[] };

const { sketch } = fc.letrec<{ sketch: Sketch }>((tie) => {
  const parts = (minLength: number) => fc.array(tie('sketch'), { minLength, maxLength: 4, depthIdentifier: 'parts' });
  return {
    sketch: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'parts' },
      fc.constant<Sketch>({ kind: 'task' }),
      fc.record({ kind: fc.constantFrom('chain' as const, 'group' as const), parts: parts(1) }),
      fc.record({ kind: fc.constant('chord' as const), parts: parts(2) }),
    ),
  };
});

/** Tasks are called by their place: `0` for the first of a chain, `0.2` for the third of its group. */
function stepOf(sketch: Sketch, place: readonly number[] = []): Step {
  if (sketch.kind === 'task') return task('diagnostic').as(nameOf(place));
  const steps = sketch.parts.map((part, i) => stepOf(part, [...place, i]));
  if (sketch.kind === 'chain') return chain(...steps);
  return sketch.kind === 'group' ? group(...steps) : chord(steps.slice(0, -1), steps.at(-1)!);
}
const nameOf = (place: readonly number[]) => place.join('.') || 'all';

const placesIn = (sketch: Sketch, place: readonly number[] = []): (readonly number[])[] =>
  sketch.kind === 'task' ? [place] : sketch.parts.flatMap((part, i) => placesIn(part, [...place, i]));

/** Whether `a` must end before `b` starts: where their ways part, in a chain or between a chord's parts and its callback. */
function comesBefore(sketch: Sketch, [a, ...restA]: readonly number[], [b, ...restB]: readonly number[]): boolean {
  if (sketch.kind === 'task' || a === undefined || b === undefined) return false;
  if (a === b) return comesBefore(sketch.parts[a]!, restA, restB);
  return sketch.kind === 'chain' ? a < b : sketch.kind === 'chord' && b === sketch.parts.length - 1;
}

/** Levels that a part takes up. */
function depthOf(sketch: Sketch): number {
  if (sketch.kind === 'task') return 1;
  const depths = sketch.parts.map(depthOf);
  if (sketch.kind === 'chain') return depths.reduce((sum, depth) => sum + depth, 0);
  return sketch.kind === 'group' ? Math.max(...depths) : Math.max(...depths.slice(0, -1)) + depths.at(-1)!;
}

function levelOf(sketch: Sketch, [at, ...rest]: readonly number[]): number {
  if (sketch.kind === 'task' || at === undefined) return 0;
  const { kind, parts } = sketch;
  const earlier =
    kind === 'chain' ? parts.slice(0, at) : kind === 'chord' && at === parts.length - 1 ? parts.slice(0, -1) : [];
  const depths = earlier.map(depthOf);
  const from = kind === 'chain' ? depths.reduce((sum, depth) => sum + depth, 0) : Math.max(0, ...depths);
  return from + levelOf(parts[at]!, rest);
}

function planOf({ tasks }: CreateChainRequest): Plan {
  const result = plan(tasks.map(({ task_id, depends_on }) => ({ id: task_id, dependsOn: depends_on as string[] })));
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.plan;
}

const OPENAPI = new URL('../../../../openapi.json', import.meta.url);
const document = JSON.parse(readFileSync(OPENAPI, 'utf8')) as { components: { schemas: Record<string, object> } };
const isChain = new Ajv2020({ strict: false }).compile(document.components.schemas['CreateChainRequest']!);
const small = sketch.filter((one) => placesIn(one).length <= 60);

describe('a built chain', () => {
  it('has each task once, and is a body of POST /chains', () => {
    fc.assert(
      fc.property(small, (sketch) => {
        const body = stepOf(sketch).build('a chain');
        expect(body.tasks.map(({ task_id }) => task_id)).toEqual(placesIn(sketch).map(nameOf));
        expect(isChain(body) || isChain.errors).toBe(true);
      }),
    );
  });

  it('keeps tasks in the order that is written, and no others', () => {
    fc.assert(
      fc.property(small, (sketch) => {
        const { isAncestor } = planOf(stepOf(sketch).build('a chain'));
        const places = placesIn(sketch);
        places.forEach((a, i) =>
          places.forEach((b, j) => expect([a, b, isAncestor(i, j)]).toEqual([a, b, comesBefore(sketch, a, b)])),
        );
      }),
    );
  });

  it('has no edge that follows from others', () => {
    fc.assert(
      fc.property(small, (sketch) => {
        const { predecessors, isAncestor } = planOf(stepOf(sketch).build('a chain'));
        for (const before of predecessors)
          for (const a of before) expect(before.filter((b) => isAncestor(a, b))).toEqual([]);
      }),
    );
  });

  it('has the levels that its parts add up to', () => {
    fc.assert(
      fc.property(small, (sketch) => {
        const { level } = planOf(stepOf(sketch).build('a chain'));
        expect(level).toEqual(placesIn(sketch).map((place) => levelOf(sketch, place)));
      }),
    );
  });

  it('marks as callbacks the tasks that a chord calls first', () => {
    const firsts = (sketch: Sketch, place: readonly number[]): string[] => {
      if (sketch.kind === 'task') return [nameOf(place)];
      const chosen =
        sketch.kind === 'chain'
          ? [0]
          : sketch.parts.map((_, i) => i).slice(0, sketch.kind === 'chord' ? -1 : undefined);
      return chosen.flatMap((i) => firsts(sketch.parts[i]!, [...place, i]));
    };
    const callbacks = (sketch: Sketch, place: readonly number[] = []): string[] => {
      if (sketch.kind === 'task') return [];
      const inside = sketch.parts.flatMap((part, i) => callbacks(part, [...place, i]));
      const last = sketch.parts.length - 1;
      return sketch.kind === 'chord' ? [...inside, ...firsts(sketch.parts[last]!, [...place, last])] : inside;
    };
    fc.assert(
      fc.property(small, (sketch) => {
        const marked = stepOf(sketch)
          .build('a chain')
          .tasks.filter(({ is_callback }) => is_callback);
        expect(marked.map(({ task_id }) => task_id).sort()).toEqual([...new Set(callbacks(sketch))].sort());
      }),
    );
  });
});
