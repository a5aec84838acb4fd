import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Forge } from '../forge/forge.ts';
import { REGISTRY_BRANCH } from './git-tree.ts';
import type { Aliases, Proposal, Registry } from './registry.ts';
import { ACCEPTED_FOLDER, ALIASES_FILE, writeAliasesFile, writeHistoryLine } from './registry-files.ts';

export const PROPOSAL_PREFIX = 'retrain-promote/';

/**
 * Proposals of a git registry: a branch that starts at the registry's and moves the aliases, and a pull request to merge it.
 * The branch's name carries version, digest and generation. The new `aliases.json` has the next generation: once somebody else has moved
 * the aliases, git finds a conflict and the pull request cannot be merged any more. The line for the history comes in a file of its own,
 * which nobody else writes.
 */
export function gitProposals(forge: Forge, branch: string, registry: Registry): NonNullable<Registry['propose']> {
  /** Whether a branch holds exactly the aliases it was made for, as its pull request was approved. */
  async function holds(name: string, path: string, content: string, signal: AbortSignal): Promise<boolean> {
    const found = await forge.file(path, name, signal);
    return found !== undefined && Buffer.from(found).toString('utf8') === content;
  }

  return async (model, number, { generation, text, event }, signal): Promise<Proposal> => {
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
    const own = `${PROPOSAL_PREFIX}${branch === REGISTRY_BRANCH ? '' : `${branch}/`}${model}/`;
    const name = `${own}${number}-${digest.slice(0, 12)}-${generation + 1}`;
    // A pull request whose branch is gone is closed: what was approved for another version is not approved for this one.
    for (const other of await forge.branches(own, signal))
      if (other !== name && !other.slice(own.length).includes('/')) await forge.deleteBranch(other, signal);
    const there = await forge.head(name, signal);
    // Somebody pushed to it: whoever approved something else has to look again.
    if (there !== undefined && !(await holds(name, path, content, signal))) await forge.deleteBranch(name, signal);
    if (there === undefined || (await forge.head(name, signal)) === undefined) {
      await forge.createBranch(name, { commit: base }, signal);
      const accepted = `${model}/${ACCEPTED_FOLDER}/${generation + 1}.json`;
      const additions = new Map([
        [path, Buffer.from(content)],
        [accepted, Buffer.from(writeHistoryLine(event))],
      ]);
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
