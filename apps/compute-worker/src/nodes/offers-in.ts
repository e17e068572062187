import type { OfferLine, OfferSource } from '#libs/peers';
import type { Database, NodeOfferRepository } from '#libs/repositories';

/** What is offered to sites, out of the database. */
export function offersIn(db: Database, offers: NodeOfferRepository, relays: readonly string[]): OfferSource {
  return {
    async offers(connections) {
      const found = await offers.offersOf(db, connections);
      const told = [...found].map(([connection, lines]) => [connection, withRelays(lines, relays)] as const);
      return new Map(told);
    },
    task: (connection, run) => offers.task(db, connection, run),
    votes: (connection, run) => offers.votes(db, connection, run),
    async answer(connection, answer) {
      const { run, state } = answer;
      switch (state) {
        case 'RUNNING':
          return offers.answer(db, connection, { run, state, fraction: answer.fraction, stage: answer.stage });
        case 'PREPARED': {
          const { vote, ...rest } = answer;
          return offers.prepare(db, connection, { run, vote, answer: JSON.stringify(rest) });
        }
        case 'SETTLED':
          return offers.settle(db, connection, run);
        default:
          return offers.answer(db, connection, { run, state, answer: JSON.stringify(answer) });
      }
    },
  };
}

/** All replicas have the same relays, so all tell the sites of a run the same one, and another one of most later runs. */
function withRelays(lines: readonly OfferLine[], relays: readonly string[]): readonly OfferLine[] {
  if (relays.length === 0) return lines;
  return lines.map((line) =>
    line.state === 'GO' || line.state === 'RUNNING'
      ? { ...line, relay: relays[Number.parseInt(line.run.slice(0, 8), 16) % relays.length]! }
      : line,
  );
}
