/** How the members of a task, each at its own site, meet: TLS 1.3 with keys that were compared before, and what each has accepted. */
export { Authority, makeRequest, readRequest, RENEWED_MS, type Asked, type Subject } from './authority.js';
export { FINGERPRINT, fingerprintOf, identityOf, makeIdentity, ownFingerprint, type Identity } from './identity.js';
export { meet, type Met } from './meet.js';
export type { Address, Meeting, Peer } from './meeting.js';
export {
  MOST_DECISIONS,
  MOST_OFFERS,
  type OfferLine,
  type OfferState,
  type SiteAnswer,
  type ToSite,
} from './offer-frames.js';
export type { OfferSource } from './offer-desk.js';
export { PeerFault } from './peer-fault.js';
export type { RelayLeg } from './relay.js';
export type { ResumeBounds } from './resumable-connection.js';
export { reachOverRelay, type RelayDial } from './relay-client.js';
export { OFFERS_FROM, type UplinkCode } from './uplink.js';
export { dial, UplinkFault, type Uplink } from './uplink-client.js';
export type { UplinkAdmission, UplinkCaller } from './uplink-options.js';
export { UplinkServer } from './uplink-server.js';
export { artifactsHash, membersHash, missingVote, readVote, resultHash, signVote, type Vote } from './vote.js';
