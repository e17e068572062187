import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiProduces, ApiResponse, getSchemaPath } from '@nestjs/swagger';

/** Documents a route that answers with a page, or with server-sent events where the caller accepts them. */
export const ApiListOrStream = (list: Type, description: string): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(list),
    ApiHeader({ name: 'Last-Event-ID', required: false, schema: { type: 'string' } }),
    ApiProduces('application/json', 'text/event-stream'),
    ApiResponse({
      status: 200,
      description,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(list) } },
        'text/event-stream': { schema: { type: 'string' } },
      },
    }),
  );
