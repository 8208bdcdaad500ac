import { z } from 'zod';

export type MailTextsOption = Readonly<Record<string, object>>;
export const mailTextsSchema: z.ZodType<MailTextsOption> = z.record(z.string(), z.looseObject({}));
