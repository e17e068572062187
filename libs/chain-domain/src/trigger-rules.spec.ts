import { describe, expect, it } from '@jest/globals';
import { judge, TRIGGER_RULES, type ParentCounts, type TriggerRule, type Verdict } from './trigger-rules.js';

const ENDINGS = ['succeeded', 'failed', 'skipped'] as const;
type Ending = (typeof ENDINGS)[number];

/** Each rule over parents that have all ended, in the words of its name. */
const MEANING: Record<(typeof TRIGGER_RULES)[number], (ends: readonly Ending[]) => boolean> = {
  all_success: (ends) => ends.every((end) => end === 'succeeded'),
  all_done: () => true,
  all_failed: (ends) => ends.every((end) => end === 'failed'),
  one_success: (ends) => ends.includes('succeeded'),
  one_failed: (ends) => ends.includes('failed'),
  none_failed: (ends) => !ends.includes('failed'),
  none_failed_min_one_success: (ends) => !ends.includes('failed') && ends.includes('succeeded'),
  always: () => true,
};
const holds = (rule: TriggerRule, ends: readonly Ending[]): boolean =>
  typeof rule === 'object' ? ends.filter((end) => end === 'succeeded').length >= rule.at_least : MEANING[rule](ends);

/** Every way in which `count` parents can end. */
function* everyEnding(count: number): Generator<Ending[]> {
  if (count === 0) return yield [];
  for (const rest of everyEnding(count - 1)) for (const end of ENDINGS) yield [...rest, end];
}

function counts(ends: readonly Ending[], of: number): ParentCounts {
  const count = (ending: Ending): number => ends.filter((end) => end === ending).length;
  return {
    pending: of - ends.length,
    succeeded: count('succeeded'),
    failed: count('failed'),
    skipped: count('skipped'),
  };
}

const PARENTS = 4;
const rules: TriggerRule[] = [...TRIGGER_RULES, ...[1, 2, 3, 4].map((at_least) => ({ at_least }))];

for (const rule of rules) {
  const name = JSON.stringify(rule);
  describe(`the rule ${name}`, () => {
    it('holds over ended parents as its name says', () => {
      for (let of = 1; of <= PARENTS; of++) {
        for (const ends of everyEnding(of)) {
          const verdict = judge(rule, counts(ends, of));
          expect([ends, verdict === 'run']).toEqual([ends, holds(rule, ends)]);
          expect(verdict).not.toBe('wait');
        }
      }
    });

    it('fires, or gives up, at the first moment at which no ending can change it', () => {
      for (const ends of everyEnding(PARENTS)) {
        for (let known = 0; known < PARENTS; known++) {
          const sofar = ends.slice(0, known);
          const outcomes = new Set([...everyEnding(PARENTS - known)].map((rest) => holds(rule, [...sofar, ...rest])));
          const verdict = judge(rule, counts(sofar, PARENTS));
          // `all_done` waits for its parents although it will hold in any case; `always` for nothing.
          const early =
            rule === 'all_done' ? 'wait' : outcomes.size === 2 ? 'wait' : outcomes.has(true) ? 'run' : 'skip';
          expect([sofar, kindOf(verdict)]).toEqual([sofar, early]);
        }
      }
    });

    it('never takes a verdict back', () => {
      for (const ends of everyEnding(PARENTS)) {
        const verdicts = ends.map((_, known) => kindOf(judge(rule, counts(ends.slice(0, known + 1), PARENTS))));
        const first = verdicts.findIndex((verdict) => verdict !== 'wait');
        expect(new Set(verdicts.slice(first)).size).toBe(1);
      }
    });

    it('lets a task without parents run', () => {
      expect(judge(rule, counts([], 0))).toBe('run');
    });
  });
}

describe('the reason of a skip', () => {
  it('is a failure above before a skip above, and the rule itself otherwise', () => {
    expect(judge('all_success', counts(['failed', 'skipped'], 2))).toBe('UPSTREAM_FAILED');
    expect(judge('all_success', counts(['skipped'], 2))).toBe('UPSTREAM_SKIPPED');
    expect(judge('one_failed', counts(['succeeded', 'succeeded'], 2))).toBe('TRIGGER_RULE');
  });
});

const kindOf = (verdict: Verdict): string => (verdict === 'run' || verdict === 'wait' ? verdict : 'skip');
