import type { Json, JsonObject, JsonSchema } from './task-type.js';

/**
 * The type of the values that a JSON Schema lets through, for the keywords that the catalogue uses: `const`, `enum`, `type` (one or
 * several), `items`, `properties` with `required`, and `additionalProperties` with a schema. Anything else is any JSON.
 *
 * Written here, and not taken from json-schema-to-ts or TypeBox: these lines cover the catalogue, need no package, and leave
 * the schemas byte for byte as clients see them.
 */
export type ConfigOf<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly type: infer Types }
      ? OfType<Types extends readonly (infer Type)[] ? Type : Types, Schema>
      : Json;

type OfType<Type, Schema> = Type extends 'string'
  ? string
  : Type extends 'integer' | 'number'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'array'
        ? readonly (Schema extends { readonly items: infer Item } ? ConfigOf<Item> : Json)[]
        : OfObject<Schema>;

type OfObject<Schema> = Schema extends { readonly properties: infer Properties }
  ? Flat<
      { readonly [Key in keyof Properties & Required<Schema>]: ConfigOf<Properties[Key]> } & {
        readonly [Key in Exclude<keyof Properties, Required<Schema>>]?: ConfigOf<Properties[Key]>;
      }
    >
  : Schema extends { readonly additionalProperties: infer Value extends JsonSchema }
    ? Readonly<Record<string, ConfigOf<Value>>>
    : JsonObject;

type Required<Schema> = Schema extends { readonly required: readonly (infer Key)[] } ? Key : never;
type Flat<T> = { [Key in keyof T]: T[Key] };

/** A config whose chain is still being created: in place of any value there may be a text with references. */
export type Unresolved<Config> = { readonly [Key in keyof Config]: OrReference<Config[Key]> };

type OrReference<T> = T extends readonly (infer Item)[]
  ? string | readonly OrReference<Item>[]
  : T extends object
    ? string | { readonly [Key in keyof T]: OrReference<T[Key]> }
    : T extends undefined
      ? T
      : T | string;
