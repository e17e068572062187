import { Module } from '@nestjs/common';
import { NodeConnectionRepository } from '#libs/repositories';
import { NodeListener } from './node-listener.js';
import { SitesModule } from './sites.module.js';

/** Where sites of parties keep their connections. */
@Module({ imports: [SitesModule], providers: [NodeConnectionRepository, NodeListener] })
export class NodesModule {}
