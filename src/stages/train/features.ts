import { z } from 'zod';

/** What prepare-data found out about columns and classes, for the trainer. */
export const featuresFile = z.looseObject({
  key: z.string(),
  target: z.looseObject({ column: z.string(), classes: z.array(z.string()).readonly().optional(), positive: z.string().optional() }),
  features: z.array(z.looseObject({ name: z.string() })).readonly(),
  /** Training rows. */
  rows: z.number(),
});

export type Features = Readonly<z.infer<typeof featuresFile>>;
