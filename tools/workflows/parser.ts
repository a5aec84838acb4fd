import { registerHooks } from 'node:module';

/**
 * GitHub's own workflow parser imports its schema without saying that it is JSON, which Node refuses: this says so in its place.
 * https://github.com/actions/languageservices, package @actions/workflow-parser 0.3.61.
 */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url.endsWith('.json') ? { ...found, importAttributes: { ...found.importAttributes, type: 'json' } } : found;
  },
});

const parser = await import('@actions/workflow-parser');
const { ErrorPolicy } = await import('@actions/workflow-parser/model/convert');

export type { WorkflowTemplate } from '@actions/workflow-parser';

/** What GitHub would refuse in a workflow file, one line each, with line and column. Reusable workflows it calls are not followed. */
export async function workflowProblems(name: string, content: string): Promise<readonly string[]> {
  const { context, value } = parser.parseWorkflow({ name, content }, new parser.NoOperationTraceWriter());
  if (value) await parser.convertWorkflowTemplate(context, value, undefined, { errorPolicy: ErrorPolicy.TryConversion });
  return [...new Set(context.errors.getErrors().map((error) => error.message))];
}

/** A workflow file as GitHub's parser sees it: every job and step converted, expressions as tokens. Throws what it would refuse. */
export async function parseWorkflow(name: string, content: string) {
  const { context, value } = parser.parseWorkflow({ name, content }, new parser.NoOperationTraceWriter());
  const template = value ? await parser.convertWorkflowTemplate(context, value) : undefined;
  const problems = context.errors.getErrors().map((error) => error.message);
  if (!template || !value || problems.length > 0) throw new Error(`${name}: ${problems.join('\n')}`);
  return { template, root: value };
}
