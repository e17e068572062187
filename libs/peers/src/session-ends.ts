import type { ServerHttp2Session } from 'node:http2';

/** Pings and settings that the other end may send in a minute. */
const MOST_CONTROLS = 120;
/** Of all frames in a minute, from a site that is offered nothing: it sends 17 bytes in 10 s. */
const MOST_BYTES = 65_536;
/** From one that is: of its answers, one in a run holds a result. */
const MOST_BYTES_OF_ANSWERS = 8 * 1024 * 1024;
const FLUSH_MS = 2_000;

/** Ends a session whose other end sends without end. Call what it returns once that may answer offers. */
export function boundFrames(session: ServerHttp2Session, onFlood: () => void): () => void {
  const { socket } = session;
  let controls = 0;
  let mostBytes = MOST_BYTES;
  let [seconds, before] = [0, 0];
  const look = (): void => {
    if (session.destroyed || (controls < MOST_CONTROLS && socket.bytesRead - before <= mostBytes)) return;
    onFlood();
    session.destroy();
  };
  const count = (): void => {
    controls += 1;
    look();
  };
  session.on('ping', count).on('remoteSettings', count);
  const timer = setInterval(() => {
    look();
    seconds += 1;
    if (seconds % 60 === 0 && !session.destroyed) [controls, before] = [0, socket.bytesRead];
  }, 1_000);
  session.once('close', () => clearInterval(timer));
  return () => void (mostBytes = MOST_BYTES_OF_ANSWERS);
}

/** What was written may still go out. */
export function destroyLater(session: ServerHttp2Session): void {
  const timer = setTimeout(() => session.destroy(), FLUSH_MS);
  session.once('close', () => clearTimeout(timer));
}
