import type { SiteAnswer } from '#libs/peers';
import type { Left } from './outcome.js';

/** What a run left, null at a dealer; or what failed. */
export type OfferEnd = { readonly outcome: Left | null } | Failed;

/** A run at this site that goes on. */
export interface RunningOffer {
  /** Never rejects. */
  readonly ended: Promise<OfferEnd>;
  stop(): void;
}

/** What the control plane learns about a run that failed. */
export type Failed = Omit<Extract<SiteAnswer, { state: 'FAILED' }>, 'run' | 'state'>;
