import { type HardnessCounts, hardnessCounts, hardnessOf, matchSpider, type SpiderHardness, type SpiderMatch } from './match.ts';
import { parseSpider } from './parser.ts';
import { EMPTY_QUERY, type SpiderQuery } from './query.ts';
import type { SpiderSchema } from './schema.ts';

export type SpiderVerdict =
  | (SpiderMatch & { readonly hardness: SpiderHardness; readonly predictionUnreadable?: string })
  /** The gold query is outside Spider's grammar: the row cannot be scored. */
  | { readonly goldUnreadable: string };

const readable = (parsed: ReturnType<typeof parseSpider>): parsed is SpiderQuery => 'kind' in parsed;

/** The official exact set match of one row. In the prediction the letters `value` become `1` first, even inside names. */
export function evaluateSpider(predicted: string, expected: string, schema: SpiderSchema): SpiderVerdict {
  const gold = parseSpider(expected, schema);
  if (!readable(gold)) return { goldUnreadable: gold.unreadable };
  const parsed = parseSpider(plugValue(predicted), schema);
  const match = matchSpider(readable(parsed) ? parsed : EMPTY_QUERY, gold, schema);
  const hardness = hardnessOf(hardnessCounts(gold));
  return readable(parsed) ? { ...match, hardness } : { ...match, hardness, predictionUnreadable: parsed.unreadable };
}

/** Hardness of a gold query, with the counts it comes from. */
export function spiderHardness(
  expected: string,
  schema: SpiderSchema,
): (HardnessCounts & { readonly hardness: SpiderHardness }) | { readonly goldUnreadable: string } {
  const gold = parseSpider(expected, schema);
  if (!readable(gold)) return { goldUnreadable: gold.unreadable };
  const counts = hardnessCounts(gold);
  return { ...counts, hardness: hardnessOf(counts) };
}

/** Models that predict no literals write `value`; the official script makes it a number. */
export const plugValue = (predicted: string): string => predicted.replaceAll('value', '1');
