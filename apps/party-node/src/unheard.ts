import type { OfferState } from '#libs/peers';
import type { Offer } from './site-store.js';

/** The states of the control plane in which it still has to hear a state of this site. */
export const UNHEARD: Partial<Record<Offer['state'], readonly OfferState[]>> = {
  ACCEPTED: ['OFFERED'],
  REFUSED: ['OFFERED', 'ACCEPTED'],
  RUNNING: ['GO'],
  PREPARED: ['GO', 'RUNNING'],
  FAILED: ['GO', 'RUNNING'],
};
