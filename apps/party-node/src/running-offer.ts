import type { SiteAnswer } from '#libs/peers';

/** The store has what it left; or what failed. */
export type OfferEnd = 'PREPARED' | Failed;

/** A run at this site that goes on. */
export interface RunningOffer {
  /** Never rejects. */
  readonly ended: Promise<OfferEnd>;
  stop(): void;
}

/** What the control plane learns about a run that failed. */
export type Failed = Omit<Extract<SiteAnswer, { state: 'FAILED' }>, 'run' | 'state'>;

/** A person has ended it. */
export const refusedOf = (reason: string): Failed => ({
  code: 'SITE_REFUSED',
  message: `A person refused the task while it ran: ${reason}`,
  retryable: false,
});

/** The process said that it was prepared, but the files are missing. */
export const GONE: Failed = { code: 'TASK_ERROR', message: 'The files that the run left are gone.', retryable: true };
