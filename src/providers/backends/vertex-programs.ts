import { sha256 } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Environment, JobSpec, TrainerSource } from './backend.ts';
import type { StoreDocuments } from './store-documents.ts';
import type { Program } from './vertex-job.ts';
import type { VertexBackendOptions } from './vertex-options.ts';
import { packTrainer, type RecordedLocks, type TrainerPackage } from './vertex-package.ts';

const LAUNCHER = { name: 'tabular', extras: [] } as const;

/** What runs in a job: the image, and the package that goes to the store once. */
export class VertexPrograms {
  readonly #options: Pick<VertexBackendOptions, 'clients' | 'image' | 'machine' | 'root' | 'store' | 'storeUri'>;
  readonly #documents: StoreDocuments;
  readonly #packages = new Map<string, Promise<TrainerPackage>>();

  constructor(options: VertexBackendOptions, documents: StoreDocuments) {
    this.#options = options;
    this.#documents = documents;
  }

  async environment(trainer: TrainerSource): Promise<Environment> {
    const image = this.#image(trainer);
    if (trainer.kind === 'command') return { digest: sha256(JSON.stringify([image, trainer.command])), lock: '' };
    const { digest, lock, imageLock } = await this.#packed(trainer);
    const installed = this.#options.image === undefined && imageLock !== undefined;
    return { digest: sha256(JSON.stringify([image, digest])), lock, ...(installed && { imageLock }) };
  }

  async of({ trainer, environmentLock, imageLock }: JobSpec, signal: AbortSignal): Promise<Program> {
    const image = this.#image(trainer);
    // A command of the user's needs our launcher only; any trainer's package brings it.
    const packed = await this.#packed(trainer.kind === 'module' ? trainer : LAUNCHER, { environmentLock, imageLock });
    const packageUri = `${this.#options.storeUri}/packages/${packed.fileName}`;
    if (!(await this.#options.store.stat(packageUri, signal)))
      await this.#documents.write(packageUri, packed.bytes, { ifGeneration: 'absent', signal });
    await this.#documents.verify(packageUri, packed.sha256, signal);
    if (trainer.kind === 'command') return { kind: 'image', image, packageUri, packageSha256: packed.sha256, command: trainer.command };
    const module = `retrain_trainers.${trainer.name.replaceAll('-', '_')}`;
    return this.#options.image === undefined
      ? { kind: 'package', image, packageUri, module }
      : { kind: 'image', image, packageUri, packageSha256: packed.sha256, command: ['python', '-m', module] };
  }

  #packed(trainer: { readonly name: string; readonly extras: readonly string[] }, recorded: RecordedLocks = {}): Promise<TrainerPackage> {
    const key = JSON.stringify([trainer.name, trainer.extras, recorded]);
    const known = this.#packages.get(key);
    if (known) return known;
    const packed = packTrainer(this.#options.root, trainer, recorded);
    this.#packages.set(key, packed);
    // The next attempt makes it again.
    packed.catch(() => this.#packages.delete(key));
    return packed;
  }

  #image(trainer: TrainerSource): string {
    const { image, machine, clients } = this.#options;
    if (image !== undefined) return image;
    if (trainer.kind === 'command')
      throw new UserError('no-image', 'A trainer of your own needs an image on Vertex AI, and none is named.', {
        todo: 'Set train.image to one that holds the command, by digest: NAME@sha256:…',
      });
    return prebuiltImage(clients.place.region, machine.accelerator !== undefined);
  }
}

/** Google's images for training hold Python 3.10 and torch 2.4, and exist as `latest` only. */
function prebuiltImage(region: string, accelerated: boolean): string {
  const near = /^(europe|asia)-/.exec(region)?.[1] ?? 'us';
  return `${near}-docker.pkg.dev/vertex-ai/training/pytorch-${accelerated ? 'gpu' : 'cpu'}.2-4.py310:latest`;
}
