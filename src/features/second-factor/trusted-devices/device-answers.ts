import { z } from 'zod';
import { component } from '../../../http/component.js';
import { instant, shownName } from '../../answer-parts.js';

type Answers = ReturnType<typeof createAnswers>;

let made: Answers | undefined;

/** The schemas of the answers about trusted devices, made at the first call: most processes never ask for the OpenAPI document. */
export function deviceAnswers(): Answers {
  return (made ??= createAnswers());
}

function createAnswers() {
  const device = component(
    'AuthTrustedDevice',
    z
      .strictObject({
        id: z.string().meta({ examples: ['R3b9vJ0hVtq2K1mXw8ZsYcN5uLfA7eDgP4iTj6oQkWx'] }),
        current: z.boolean().meta({ description: 'Whether it is the browser that asks.' }),
        name: shownName('Chrome 142, Windows'),
        createdAt: instant('When the user trusted it.'),
        expiresAt: instant('From then on it is asked again.'),
      })
      .meta({ description: 'A browser that skips the second factor.' }),
  );
  return {
    listDevices: component(
      'AuthListTrustedDevicesResponse',
      z.strictObject({
        devices: z.array(device).meta({ description: 'Oldest first.' }),
      }),
    ),
    endDevices: component(
      'AuthEndTrustedDevicesResponse',
      z.strictObject({
        ended: z
          .int()
          .min(0)
          .meta({ description: 'How many were trusted.', examples: [2] }),
      }),
    ),
  };
}
