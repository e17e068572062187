/** Why members of a task did not meet. */
export type PeerFaultCode =
  /** Somebody did not keep to the protocol, or answers for another task. */
  | 'PROTOCOL_VIOLATION'
  /** The versions of the protocol that both speak have none in common. */
  | 'PROTOCOL_UNSUPPORTED'
  /** Another key answers at a member's address than the one that is written down. */
  | 'PEER_UNKNOWN'
  /** A member was cut off, or did not come. */
  | 'PARTY_LOST';

/** The members of a task did not meet; `member` says by whose doing. Its message quotes nothing that a peer sent. */
export class PeerFault extends Error {
  override readonly name = 'PeerFault';

  constructor(
    readonly code: PeerFaultCode,
    readonly member: string,
    message: string,
  ) {
    super(message);
  }
}
