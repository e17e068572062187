import type { OfferSource } from '#libs/peers';
import type { Database, NodeOfferRepository } from '#libs/repositories';

/** What is offered to sites, out of the database. */
export function offersIn(db: Database, offers: NodeOfferRepository): OfferSource {
  return {
    offers: (connections) => offers.offersOf(db, connections),
    task: (connection, run) => offers.task(db, connection, run),
    async answer(connection, answer) {
      const { run, state } = answer;
      return state === 'RUNNING'
        ? offers.answer(db, connection, { run, state, fraction: answer.fraction, stage: answer.stage })
        : offers.answer(db, connection, { run, state, answer: JSON.stringify(answer) });
    },
  };
}
