import { constants } from 'node:crypto';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import { subjectOfCertificate, type Subject } from './authority.js';
import { fingerprintOf, type Identity } from './identity.js';
import { RELAY_PROTOCOL } from './relay-words.js';
import { BOUNDS } from './uplink.js';

/** Takes TLS 1.3 with a certificate of the authority alone, for HTTP/2 or the relay. */
export function tlsServer(identity: Identity, authority: string, greetMs: number): Server {
  const options = {
    ...identity,
    ca: authority,
    // An operator's may be below others, which do not count here.
    allowPartialTrustChain: true,
    minVersion: 'TLSv1.3',
    // A session that is taken up again would show its certificate no more.
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
  // Node makes the context of a server without that option. Every site asks for the control plane by its name.
  const context = createSecureContext(options);
  return createServer({
    ...options,
    SNICallback: (_, done) => done(null, context),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: greetMs,
    ALPNProtocols: ['h2', RELAY_PROTOCOL],
  });
}

/** Does not listen: it takes over TLS connections that speak HTTP/2, by its event `secureConnection`. */
export const http2Server = (): Http2SecureServer =>
  createSecureServer({
    ...BOUNDS,
    settings: { ...BOUNDS.settings, maxConcurrentStreams: 1 },
    maxSessionRejectedStreams: 4,
    maxSessionInvalidFrames: 4,
  });

interface Caller {
  readonly subject: Subject;
  readonly fingerprint: string;
  /** The end of the certificate, ms. */
  readonly ends: number;
}

/** Whom the certificate of a connection names. To be asked once: Node 20 forgets it. */
export function callerOf(socket: TLSSocket): Caller | undefined {
  const certificate = socket.getPeerX509Certificate();
  const subject = certificate && subjectOfCertificate(certificate);
  if (!certificate || !subject) return undefined;
  return { subject, fingerprint: fingerprintOf(certificate.publicKey), ends: Date.parse(certificate.validTo) };
}
