import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { resultFault, type InputFault } from '#libs/chain-domain';
import { valueFaults } from '#libs/chain-engine';
import { readSignOffs, type SignOffRow, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { includes, ROLES, type Identity } from '../auth/roles.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { ApiControl } from '../controls/api-control.js';
import { Control, type ControlRequest } from '../controls/control-request.js';
import { Controls } from '../controls/controls.js';
import { ControlDto } from '../controls/controls.dto.js';
import { withDryRun } from '../controls/with-dry-run.js';
import { ApiProblems } from '../http/api-problems.js';
import { Problem } from '../http/problem.js';
import { ListSignOffsQueryDto, SignOffBodyDto, SignOffListDto } from './sign-offs.dto.js';

@ApiTags('sign-offs')
@Controller()
@Roles('viewer')
export class SignOffsController {
  constructor(
    private readonly controls: Controls,
    private readonly reader: ChainReader,
  ) {}

  @Get('sign-offs')
  @ApiOperation({
    operationId: 'listSignOffs',
    summary: 'List the tasks that wait to be signed off',
    description: 'Those that you may answer; with `all`, all of the tenant. The oldest first, at most 200.',
  })
  @ApiResponse({ status: 200, type: SignOffListDto, description: 'The tasks, with what they ask.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { all = false, chain_id: chainId, task_id: taskId }: ListSignOffsQueryDto,
    @Res({ passthrough: true }) { request }: FastifyReply,
  ): Promise<SignOffListDto> {
    const mine = namesOf(request.identity);
    const rows = await readSignOffs(reads, { signers: all ? undefined : mine, chainId, taskId });
    return { items: rows.map((row) => ({ ...row, yours: isAsked(row, mine) })) };
  }

  @Post('chains/:chain_id/tasks/:task_id/sign-off')
  @ApiControl({
    operationId: 'answerSignOff',
    summary: 'Sign a task off, or refuse to',
    description:
      'Answers a task of type `sign_off`, for those alone whom it names: others get 403, whatever their role. The answer must fit the form of the task. It is the result, with your name and the time.',
    body: SignOffBodyDto,
    answer: ControlDto,
    task: true,
  })
  async answer(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: SignOffBodyDto,
  ): Promise<ControlDto> {
    const body = withDryRun(sent, request.query);
    const { decision, answer = null, note = '' } = body;
    const { identity } = request.reply.request;
    const result = { answer, note, signed_by: identity?.actor ?? null, signed_at: new Date().toISOString() };
    const fault = resultFault(result);
    if (fault !== null) throw unfit([{ code: fault.code, pointer: '/answer', message: `answer: ${fault.message}.` }]);
    const [asks] = await readSignOffs(request.databases.engine, { chainId: this.reader.id(chainId), taskId });
    // Only to a question that was read, and so checked: the engine knows neither who may answer nor the form. No attempt is 0.
    const isOpen = asks !== undefined && (body.attempt ?? asks.attempt) === asks.attempt;
    if (isOpen) check(asks, body, identity);
    const asked = isOpen ? asks.attempt : 0;
    const command = { kind: 'AnswerSignOff', taskId, asked, decision, words: note, result } as const;
    const content = { taskId, body };
    return this.controls.call(request, { operation: 'answerSignOff', chainId, taskId, command, body, content });
  }
}

/** The names by which a task may ask the caller. */
const namesOf = (identity: Identity | undefined): string[] =>
  identity === undefined
    ? []
    : [identity.actor, ...ROLES.filter((role) => includes(identity.role, role)).map((role) => `role:${role}`)];

const isAsked = ({ who }: SignOffRow, names: readonly string[]): boolean => who.some((each) => names.includes(each));

function check(asks: SignOffRow, { decision, answer }: SignOffBodyDto, identity: Identity | undefined): void {
  if (!isAsked(asks, namesOf(identity))) {
    throw new Problem('FORBIDDEN', `Only those whom the task names may answer: ${asks.who.join(', ')}.`);
  }
  const { form } = asks;
  if (form === null ? answer !== undefined : decision === 'reject' && answer !== undefined) {
    const why = form === null ? 'The task has no form' : 'A refusal has no answer';
    throw unfit([{ code: 'UNKNOWN_FIELD', pointer: '/answer', message: `${why}: leave it out, or write a note.` }]);
  }
  if (form === null || decision === 'reject') return;
  if (answer === undefined) throw unfit([{ code: 'REQUIRED', pointer: '/answer', message: 'The task has a form.' }]);
  const faults = valueFaults(form, answer).map(({ pointer, message }) => ({
    ...{ code: 'INVALID_VALUE', pointer: `/answer${pointer}` },
    message: `The form asks for another answer: ${pointer || 'it'} ${message}.`,
  }));
  if (faults.length > 0) throw unfit(faults);
}

const unfit = (errors: readonly InputFault[]): Problem => new Problem('BAD_REQUEST', errors[0]!.message, { errors });
