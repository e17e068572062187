import { applyDecorators, type Type } from '@nestjs/common';
import { ApiBody, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';

/** A DTO of a body: with an example for the document, and how many fields it must have at least. */
export type RequestDto = Type<object> & { readonly example: object; readonly minProperties?: number };

/** Documents a body by its DTO. */
export function ApiRequest(dto: RequestDto, required = true): MethodDecorator {
  const { example, minProperties } = dto;
  const schema = { $ref: getSchemaPath(dto), ...(minProperties !== undefined && { minProperties }) };
  const examples = { example: { value: example } };
  return applyDecorators(ApiExtraModels(dto), ApiBody({ schema, required, examples })) as MethodDecorator;
}
