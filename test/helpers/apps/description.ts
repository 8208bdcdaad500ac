import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import type { OpenApiDocument } from '../../../src/index';

/** An answer as it was sent. `path` is relative to the mount path. */
export interface SentAnswer {
  method: string;
  path: string;
  status: number;
  headers: Readonly<Record<string, unknown>>;
  body: string;
}

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return -- the objects of OpenAPI, as they come */

/** Headers that tell a client what to do. They must be sent where they are described, and nowhere else. */
const INSTRUCTING_HEADERS = ['Set-Cookie', 'Retry-After', 'WWW-Authenticate'];

/** Compares requests and answers with a description. */
export class Description {
  readonly #document: OpenApiDocument;
  // Whether the schemas themselves are valid is what `npm run lint:openapi` checks, once.
  readonly #ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    allErrors: true,
    validateSchema: false,
  });
  readonly #validators = new Map<object, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addKeyword('components');
  }

  /** The differences between an answer and the description, one string each. */
  violations({ method, path, status, headers, body }: SentAnswer): string[] {
    const operation = this.#operation(method, path);
    if (!operation) return ['no such operation is described'];
    const response = this.#resolve(operation.responses[status]);
    if (!response) return [`the status ${status} is not described`];
    return [
      ...this.#bodyViolations(response.content, headers['content-type'], body),
      ...this.#headerViolations(response.headers, headers),
    ];
  }

  /** Whether a request's body matches the description. */
  accepts(method: string, path: string, body: unknown): boolean {
    const { requestBody } = this.#operation(method, path);
    return this.#validator(requestBody.content['application/json'].schema)(body);
  }

  #operation(method: string, path: string): any {
    const found = Object.entries(this.#document.paths).find(([template]) =>
      new RegExp(`^${template.replace(/\{\w+\}/, '[^/]+')}/?$`, 'i').test(path),
    );
    return found?.[1][method.toLowerCase()];
  }

  #bodyViolations(content: any, type: unknown, body: string): string[] {
    if (!content) return body === '' ? [] : [`a body where none is described: ${body}`];
    const described = content[String(type).replace(/;.*/, '')];
    if (!described) return [`the content type is ${String(type)}`];
    const validate = this.#validator(described.schema);
    if (validate(JSON.parse(body))) return [];
    return [`the body: ${this.#ajv.errorsText(validate.errors)}: ${body}`];
  }

  #headerViolations(described: any, headers: SentAnswer['headers']): string[] {
    const undescribed = INSTRUCTING_HEADERS.filter(
      (name) => !(name in described) && name.toLowerCase() in headers,
    );
    const wrong = Object.entries<any>(described).flatMap(([name, reference]) => {
      const { required, schema } = this.#resolve(reference);
      const sent = headers[name.toLowerCase()];
      if (sent === undefined) return required ? [`the header ${name} is missing`] : [];
      const values = [sent].flat().map((value) => (schema.type === 'integer' ? Number(value) : value));
      return values.every((value) => this.#validator(schema)(value))
        ? []
        : [`the header ${name}: ${JSON.stringify(sent)}`];
    });
    return [...undescribed.map((name) => `the header ${name} is not described`), ...wrong];
  }

  #resolve(object: any): any {
    const reference = object?.$ref as string | undefined;
    if (reference === undefined) return object;
    return reference
      .split('/')
      .slice(1)
      .reduce((target: any, member) => target[member], this.#document);
  }

  #validator(schema: object): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known) return known;
    const validate = this.#ajv.compile({ ...schema, components: this.#document.components });
    this.#validators.set(schema, validate);
    return validate;
  }
}
