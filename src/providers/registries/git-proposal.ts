import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Forge } from '../forge/forge.ts';
import type { Aliases, Proposal, Registry } from './registry.ts';
import { ALIASES_FILE, writeAliasesFile } from './registry-files.ts';

export const PROPOSAL_PREFIX = 'retrain-promote/';

/**
 * Proposals of a git registry: a branch that starts at the registry's and moves the aliases, and a pull request to merge it.
 * The branch's name carries version, digest and generation. The new `aliases.json` has the next generation: once somebody else has moved
 * the aliases, git finds a conflict and the pull request cannot be merged any more.
 */
export function gitProposals(forge: Forge, branch: string, registry: Registry): NonNullable<Registry['propose']> {
  /** Whether a branch holds exactly the aliases it was made for, as its pull request was approved. */
  async function holds(name: string, path: string, content: string, signal: AbortSignal): Promise<boolean> {
    const found = await forge.file(path, name, signal);
    return found !== undefined && Buffer.from(found).toString('utf8') === content;
  }

  return async (model, number, { generation, text }, signal): Promise<Proposal> => {
    const base = await forge.head(branch, signal);
    const before = await registry.aliases(model, signal);
    const { digest } = await registry.version(model, number, signal);
    if (base === undefined || before.generation !== generation)
      throw new WorldError(
        'alias-moved',
        `The aliases of ${model} were changed meanwhile: expected generation ${generation}, found ${before.generation}.`,
        {
          todo: 'Compare with the new champion: run again.',
        },
      );
    const champion = before.versions.champion;
    if (champion === number) throw new UserError('already-champion', `Version ${number} of ${model} is the champion already.`);

    const path = `${model}/${ALIASES_FILE}`;
    const content = writeAliasesFile(promoted(before, number));
    const name = `${PROPOSAL_PREFIX}${model}/${number}-${digest.slice(0, 12)}-${generation + 1}`;
    const there = await forge.head(name, signal);
    // Deleting the branch closes its pull request: whoever approved something else has to look again.
    if (there !== undefined && !(await holds(name, path, content, signal))) await forge.deleteBranch(name, signal);
    if (there === undefined || (await forge.head(name, signal)) === undefined) {
      await forge.createBranch(name, { commit: base }, signal);
      const additions = new Map([[path, Buffer.from(content)]]);
      const headline = `${model}: champion is version ${number}${champion === undefined ? '' : ` (was ${champion})`}`;
      await forge.commit({ branch: name, expectedHead: base, headline, body: `Digest: ${digest}`, additions, deletions: [] }, signal);
    }
    const opened = await forge.openPullRequest(
      {
        head: name,
        base: branch,
        title: `Promote ${model} version ${number}`,
        body: `Merging this makes version ${number} of ${model} the champion${champion === undefined ? '' : ` in place of version ${champion}`}. Close it to leave things as they are.\n\nDigest of the version: \`${digest}\`\n\n${text}`,
      },
      signal,
    );
    return { url: opened.url, number: opened.number, digest };
  };
}

function promoted({ generation, versions }: Aliases, champion: number): Aliases {
  const { staging: _, champion: previous, ...others } = versions;
  return { generation: generation + 1, versions: { ...others, champion, ...(previous !== undefined && { previous }) } };
}
