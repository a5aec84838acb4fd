import { z } from 'zod';
import { parseExpression } from './syntax.ts';

/** A text that parses as an expression; its columns are only known when there is a table. */
export const expressionSchema = z.string().superRefine((source, context) => {
  try {
    parseExpression(source);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
});
