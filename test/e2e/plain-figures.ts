import { mean, numbers, type ExampleOutcome, type Result } from './example-outcome.js';

const HOSPITALS = ['alice', 'bob', 'carol'];

/** AUC of a model on the test patients of all three hospitals, but for those with these ids. */
export function hospitalAuc(outcome: ExampleOutcome, model: Result, without: readonly string[] = []): number {
  const fields = (name: string): string[] =>
    HOSPITALS.flatMap((party) => outcome.given(party, 'hospital-test.csv', name));
  const kept = fields('id').map((id) => !without.includes(id));
  const column = (name: string): number[] => numbers(fields(name)).filter((_, row) => kept[row]);
  return auc(column('y'), scoresOf(model, column));
}

/** Scores of a regression, by the columns of its features. */
export function scoresOf({ features, weights, intercept }: Result, column: (name: string) => number[]): number[] {
  const columns: number[][] = features.map(column);
  return columns[0]!.map((_, row) => columns.reduce((sum, values, at) => sum + weights[at] * values[row]!, intercept));
}

export function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  const spread = (values: readonly number[], of: number) => mean(values.map((value) => (value - of) ** 2));
  return mean(x.map((value, row) => (value - mx) * (y[row]! - my))) / Math.sqrt(spread(x, mx) * spread(y, my));
}

/** How often a positive scores above a negative, ties counting half: by all pairs. */
export function auc(label: readonly number[], score: readonly number[]): number {
  const of = (wanted: number) => score.filter((_, row) => label[row] === wanted);
  const [positives, negatives] = [of(1), of(0)];
  const wins = positives.flatMap((high) => negatives.map((low) => (high > low ? 1 : high === low ? 0.5 : 0) as number));
  return mean(wins);
}
