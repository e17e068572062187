import { expect } from '@jest/globals';
import { numbers, tally, type ExampleOutcome } from './example-outcome.js';

/** What the examples of types that work on a party's own table must come to. */
export const EXPECTED_LOCAL: Readonly<Record<string, (outcome: ExampleOutcome) => void>> = {
  'tasks/expr': (outcome) => {
    const given = (column: string): string[] => outcome.given('alice', 'bank.csv', column);
    const [amounts, durations, rates] = [given('credit_amount'), given('duration'), given('installment_commitment')];
    const monthly = amounts.map((amount, row) =>
      amount === '' || durations[row] === '' ? null : Number(amount) / Number(durations[row]),
    );
    const found = outcome.written('expr', 'alice', 'monthly');
    found.forEach((field, row) => {
      if (monthly[row] === null) expect(field).toBe('');
      else expect(Math.abs(Number(field) - monthly[row]!)).toBeLessThan(0.005 + 1e-9);
    });
    // As in SQL: a missing side of || is missing, unless the other holds.
    const high = found.map((field, row) => {
      const sides = [field === '' ? null : Number(field) > 300, rates[row] === '' ? null : Number(rates[row]) >= 4];
      return sides.includes(true) ? '1' : sides.includes(null) ? '' : '0';
    });
    expect(outcome.written('expr', 'alice', 'high_rate')).toEqual(high);
  },
  'tasks/case_when': (outcome) => {
    const terms = outcome.given('alice', 'bank.csv', 'duration').map((field) => {
      if (field !== '' && Number(field) <= 12) return 'short';
      return field !== '' && Number(field) <= 24 ? 'medium' : 'long';
    });
    expect(outcome.written('case-when', 'alice', 'term')).toEqual(terms);
  },
  'tasks/condition_filter': (outcome) => {
    const given = (column: string): string[] => outcome.given('alice', 'bank.csv', column);
    const [statuses, amounts] = [given('checking_status'), given('credit_amount')];
    const isKept = statuses.map(
      (status, row) => !['', 'no checking'].includes(status) && amounts[row] !== '' && Number(amounts[row]) >= 1000,
    );
    const { output_paths: kept, rest_paths: rest } = outcome.results['condition-filter'];
    for (const [paths, wanted] of [
      [kept, true],
      [rest, false],
    ]) {
      expect(outcome.column(paths.alice, 'id')).toEqual(given('id').filter((_, row) => isKept[row] === wanted));
    }
  },
  'tasks/sample': (outcome) => {
    const all = tally(outcome.given('alice', 'bank.csv', 'bad'));
    const drawn = tally(outcome.written('sample', 'alice', 'bad'));
    for (const label of ['0', '1']) expect(Math.abs(drawn[label]! - all[label]! / 2)).toBeLessThan(1);
    const ids = outcome.written('sample', 'alice', 'id');
    expect(outcome.given('alice', 'bank.csv', 'id').filter((id) => ids.includes(id))).toEqual(ids);
  },
  'tasks/groupby_statistics': (outcome) => {
    const given = (column: string): string[] => outcome.given('alice', 'bank.csv', column);
    const found = (column: string): string[] => outcome.written('groupby-statistics', 'alice', column);
    const [purposes, labels, amounts] = [given('purpose'), given('bad'), given('credit_amount')];
    const groups = found('purpose').map((purpose, at) => {
      const label = found('bad')[at];
      return numbers(amounts.filter((_, row) => purposes[row] === purpose && labels[row] === label));
    });
    expect(groups).toHaveLength(new Set(purposes.map((purpose, row) => `${purpose} ${labels[row]}`)).size);
    const sums = numbers(found('credit_amount_sum'));
    groups.forEach((values, at) => {
      expect(sums[at]).toBeCloseTo(
        values.reduce((sum, value) => sum + value, 0),
        6,
      );
      expect(found('credit_amount_count')[at]).toBe(String(values.length));
    });
  },
  'tasks/stability': (outcome) => {
    const { report_paths: reports, stable } = outcome.results.stability;
    const { index } = outcome.json(reports.alice);
    const given = (file: string): number[] =>
      numbers(outcome.given('alice', file, 'radius_mean')).sort((a, b) => a - b);
    const [base, later] = [given('hospital.csv'), given('hospital-test.csv')];
    const edges = [0.2, 0.4, 0.6, 0.8].map((fraction) => {
      const place = fraction * (base.length - 1);
      const low = base[Math.floor(place)]!;
      return low + (base[Math.ceil(place)]! - low) * (place - Math.floor(place));
    });
    const shares = (values: number[]): number[] =>
      [-Infinity, ...edges].map((from, at) => {
        const within = values.filter((value) => value > from && value <= (edges[at] ?? Infinity)).length;
        return Math.max(1e-4, within / values.length);
      });
    const [p, q] = [shares(base), shares(later)];
    const expected = p.reduce((sum, share, bin) => sum + (share - q[bin]!) * Math.log(share / q[bin]!), 0);
    expect(index.radius_mean).toBeCloseTo(expected, 9);
    expect(stable).toEqual({ alice: index.radius_mean <= 0.25 && index.texture_mean <= 0.25 });
  },
  'tasks/union': (outcome) => {
    const [one, other] = ['hospital.csv', 'hospital-test.csv'].map((file) =>
      outcome.given('alice', file, 'radius_mean'),
    );
    expect(outcome.written('union', 'alice', 'radius_mean')).toEqual([...one!, ...other!]);
  },
};
