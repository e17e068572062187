import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { JoinController } from './join.controller.js';
import { NodeAuthority } from './node-authority.js';
import { NodesController } from './nodes.controller.js';

/** Sites of parties and dealers: how they are invited, join, and are shut out. */
@Module({ imports: [AuthModule], controllers: [NodesController, JoinController], providers: [NodeAuthority] })
export class NodesModule {}
