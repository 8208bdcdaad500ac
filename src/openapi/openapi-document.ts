import type { OpenApiServer } from './openapi-options.js';

/** A JSON object. Its section of the OpenAPI specification says what it contains. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- must fit the types of openapi-types and swagger-ui-express
type Section = Record<string, any>;

/** An OpenAPI 3.1 document as a plain object. */
export type OpenApiDocument = {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: OpenApiServer[];
  tags: { name: string; description: string }[];
  paths: Record<string, Section>;
  components: {
    schemas: Record<string, Section>;
    responses: Record<string, Section>;
    headers: Record<string, Section>;
    securitySchemes: Record<string, Section>;
  };
};
