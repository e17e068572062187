import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ChainsModule } from '../chains/chains.module.js';
import { ControlsModule } from '../controls/controls.module.js';
import { SignOffsController } from './sign-offs.controller.js';

/** Tasks that ask somebody to sign off. */
@Module({ imports: [AuthModule, ChainsModule, ControlsModule], controllers: [SignOffsController] })
export class SignOffsModule {}
