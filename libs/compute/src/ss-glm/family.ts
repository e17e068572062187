export const DISTRIBUTIONS = ['bernoulli', 'poisson', 'gamma', 'tweedie'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export const LINKS = ['logit', 'log'] as const;

/**
 * How a label depends on a score: by logit(mean) = score, or by log(mean) = score with a variance that grows as mean^power (M. Tweedie 1984; B. Jørgensen, "Exponential
 * Dispersion Models", J. Royal Statistical Society B 49, 1987): 1 is Poisson, 2 is gamma.
 */
export interface Family {
  readonly link: (typeof LINKS)[number];
  /** 1 to 2; unused with logit. */
  readonly power: number;
}

/** A power of a few more decimals than three would make a term of the deviance too large. */
export function familyOf(distribution: Distribution, tweediePower: number): Family {
  if (distribution === 'bernoulli') return { link: 'logit', power: 1 };
  return {
    link: 'log',
    power: { poisson: 1, gamma: 2, tweedie: Math.round(tweediePower * 1000) / 1000 }[distribution],
  };
}

/** What a row adds to half the deviance, in clear, up to what the label alone says; with logit the squared residual. */
export function lossOf({ link, power }: Family, label: number, score: number): number {
  if (link === 'logit') return (label - 1 / (1 + Math.exp(-score))) ** 2;
  const ofLabel = power === 1 ? label * score : (label * Math.exp((1 - power) * score)) / (1 - power);
  const ofMean = power === 2 ? score : Math.exp((2 - power) * score) / (2 - power);
  return ofMean - ofLabel;
}

/** The least that {@link lossOf} can be. */
export function leastLossOf(family: Family, label: number): number {
  if (family.link === 'logit') return 0;
  // At a label of 0 the mean goes to 0, and what it adds, too.
  return label === 0 ? 0 : lossOf(family, label, Math.log(label));
}
