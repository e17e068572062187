/** How the members of a task, each at its own site, meet: TLS 1.3 with keys that were compared before, and what each has accepted. */
export { Authority, makeRequest, readRequest, RENEWED_MS, type Asked, type Subject } from './authority.js';
export { FINGERPRINT, fingerprintOf, identityOf, makeIdentity, ownFingerprint, type Identity } from './identity.js';
export { meet, type Address, type Meeting, type Met, type Peer } from './meet.js';
export { PeerFault } from './peer-fault.js';
export type { UplinkCode } from './uplink.js';
export { dial, UplinkFault, type Uplink } from './uplink-client.js';
export { UplinkServer, type UplinkAdmission, type UplinkCaller } from './uplink-server.js';
