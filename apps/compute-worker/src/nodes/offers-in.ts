import type { OfferSource } from '#libs/peers';
import type { Database, NodeOfferRepository } from '#libs/repositories';

/** What is offered to sites, out of the database. */
export function offersIn(db: Database, offers: NodeOfferRepository): OfferSource {
  return {
    offers: (connections) => offers.offersOf(db, connections),
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
