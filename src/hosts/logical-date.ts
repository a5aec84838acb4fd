const LOGICAL_DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Why a text is no date a run can stand for; undefined when it is one. */
export function logicalDateProblem(text: string): string | undefined {
  if (LOGICAL_DATE.test(text) && !Number.isNaN(Date.parse(text))) return undefined;
  return `expected a date such as 2026-11-21 or 2026-11-21T03:00Z, found "${text}".`;
}
