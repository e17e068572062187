import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { Authority, UplinkServer, type UplinkCaller } from '#libs/peers';
import { APP_CONFIG, LOGGER, type AppConfig, type Logger } from '#libs/platform';
import { NodeConnectionRepository, NodeOfferRepository, type Database } from '#libs/repositories';
import { NODE_DATABASE } from './node-database.js';
import { offersIn } from './offers-in.js';
import { Told } from './told.js';

/** Listens for sites of parties, where NODE_PORT is set. */
@Injectable()
export class NodeListener implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private server: UplinkServer | undefined;

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(NODE_DATABASE) private readonly db: Database,
    private readonly connections: NodeConnectionRepository,
    private readonly offers: NodeOfferRepository,
    private readonly registry: Registry,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { nodePort, nodeCa, nodeRelays, host } = this.config;
    if (nodePort === undefined) return;
    if (nodeCa === undefined)
      throw new Error('NODE_PORT is set, and NODE_CA_KEY is not: sites could not be told from others');
    const { db, connections, offers, logger } = this;
    const refused = new Counter({
      name: 'taskchain_node_refused_total',
      help: 'Connections of sites that this worker refused or ended, by reason',
      labelNames: ['reason'],
      registers: [this.registry],
    });
    const told = new Told();
    this.server = await UplinkServer.listen({
      authority: await Authority.of(nodeCa),
      host,
      port: nodePort,
      admission: {
        admit: ({ name, ...rest }: UplinkCaller) => connections.connect(db, { party: name, ...rest }),
        hold: (held, roundTrips) => connections.hold(db, held, roundTrips),
        release: (connection) => connections.release(db, connection),
        mayMeet: (legs) => offers.mayMeet(db, legs),
      },
      offers: offersIn(db, offers, nodeRelays),
      onRefused(reason, details) {
        refused.inc({ reason });
        if (told.isNew(`${reason} ${JSON.stringify(details)}`))
          logger.warn({ reason, ...details }, 'a connection of a site was refused or ended');
      },
      onFault: (error) => logger.error({ err: error }, 'a connection of a site could not be stored or checked'),
    });
    const { server } = this;
    new Gauge({
      name: 'taskchain_node_connections',
      help: 'Sites that are connected to this worker',
      registers: [this.registry],
      collect() {
        this.set(server.connections);
      },
    });
    new Gauge({
      name: 'taskchain_node_relayed',
      help: 'Connections of sites to others that this worker relays',
      registers: [this.registry],
      collect() {
        this.set(server.relayed);
      },
    });
    logger.info({ port: server.port }, 'the compute worker listens for sites');
  }

  /** Sites connect to another replica, while this one drains: that is a later hook. */
  async onModuleDestroy(): Promise<void> {
    await this.server?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.db.close();
  }
}
