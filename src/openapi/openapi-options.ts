import { z } from 'zod';
import { parseCall } from '../utils/parse-call.js';

/** Where the endpoints can be reached: an OpenAPI server object. */
export interface OpenApiServer {
  /** Includes the mount path: `'https://api.example.com/auth'`, or `'/auth'` for the host that serves the document. */
  url: string;
  description?: string;
}

/** What the document contains besides the endpoints. */
export interface OpenApiInfo {
  /** Default: `'Authentication'`. */
  title?: string;
  /** The version of your API. Default: `'1.0.0'`. */
  version?: string;
  /** Default: one server, with the path that the router is mounted at. */
  servers?: readonly OpenApiServer[];
}

export interface OpenApiOptions extends OpenApiInfo {
  /** Where the router is mounted; `servers` overrides it. Default: `'/auth'`. */
  mountPath?: string;
}

/** The option `openapi` of `createAuth`, parsed. */
export interface OpenApiConfig {
  /** Whether GET /openapi.json exists. */
  readonly served: boolean;
  readonly info: OpenApiInfo;
}

const serverSchema = z.strictObject({ url: z.string().min(1), description: z.string().optional() });
const infoShape = {
  title: z.string().min(1).optional(),
  version: z.string().min(1).optional(),
  servers: z.array(serverSchema).nonempty().readonly().optional(),
};

/** The option `openapi` of `createAuth`. An object means true, with these texts. */
export const openApiConfigSchema = z
  .union([z.boolean(), z.strictObject(infoShape)], 'must be true, false or { title?, version?, servers? }')
  .default(false)
  .transform((option): OpenApiConfig => {
    const info = typeof option === 'object' ? (option as OpenApiInfo) : {};
    return Object.freeze({ served: option !== false, info: Object.freeze(info) });
  });

const callSchema = z.strictObject({
  ...infoShape,
  mountPath: z
    .string()
    .regex(/^\/[^?#\s]*$/, "must be a path that begins with '/'")
    .optional(),
});

/** @throws TypeError that names the option and says how to fix it */
export function parseOpenApiOptions(options: OpenApiOptions): OpenApiOptions {
  return parseCall('openapi()', callSchema, options) as OpenApiOptions;
}
