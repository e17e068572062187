import { PeerMessage, violation } from '../contract/peer-message.js';

/** Bins of all columns of a party: sums of joined ones take a matrix of so many rows and columns. */
export const MAX_BINS = 4096;

/** The bins of all columns of a peer. Throws PROTOCOL_VIOLATION. */
export const binsFrom = (peer: string, value: unknown): number => {
  const bins = new PeerMessage(peer, value).count('bins', MAX_BINS);
  if (bins > 0) return bins;
  throw violation(peer, 'no bins');
};

/** The parties besides that of the label that have columns to bin, in the order in which they take part. */
export const binHolders = ({
  columns,
  labelParty,
}: {
  readonly columns: Readonly<Record<string, number>>;
  readonly labelParty: string;
}): string[] =>
  Object.keys(columns)
    .filter((party) => party !== labelParty && columns[party]! > 0)
    .sort();
