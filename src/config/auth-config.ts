import type { Authenticator } from 'passport';
import type { Feature } from '../features/feature.js';
import type { AccessTokenPlaces } from '../http/authenticate-request.js';
import type { OwnSchemes } from '../hashes/password-scheme.js';
import type { BodyConfig } from '../http/body-schemas.js';
import type { ErrorBodyConfig } from '../http/error-body.js';
import type { SiteConfig } from '../http/cross-site.js';
import type { RegistrationConfig } from '../http/registration.js';
import type { TextsConfig } from '../http/texts-for.js';
import type { DeliveryConfig } from '../http/token-response.js';
import type { LimitsConfig } from '../limits/attempt-limits.js';
import type { OpenApiConfig } from '../openapi/openapi-options.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { AuthOptions } from './auth-options.js';

/**
 * The options with every default filled in and every key made. Each folder declares what it needs of them; here the parts are put
 * together.
 */
export interface AuthConfig
  extends
    SessionConfig,
    SiteConfig,
    TextsConfig,
    Pick<AccessTokenPlaces, 'authorization'>,
    Pick<DeliveryConfig, 'cookies'> {
  readonly usernameField: BodyConfig['usernameField'];
  readonly passwordField: BodyConfig['passwordField'];
  readonly password: BodyConfig['password'] & OwnSchemes & { readonly cost: number };
  readonly limits: LimitsConfig;
  readonly login: boolean;
  readonly register: boolean;
  readonly registration: RegistrationConfig;
  readonly getAliases: boolean;
  readonly openapi: OpenApiConfig;
  readonly jwks: boolean;
  readonly features: readonly Feature[];
  readonly passport: Authenticator | undefined;
  readonly audit: AuthOptions['audit'];
  readonly errorBody: ErrorBodyConfig | undefined;
  /** A scheme of the header `Authorization` besides `Bearer`. */
  readonly authScheme: string | undefined;
}
