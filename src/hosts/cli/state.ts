import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { HOME_OPTION, type Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { knownModel, registryOf } from './place.ts';

export const state: Verb = {
  name: 'state',
  summary: 'Show what a model remembers between runs, or make it forget, so that the next run trains.',
  usage: 'show MODEL | reset MODEL',
  arguments: 2,
  options: [HOME_OPTION, { name: 'registry', value: 'URI', text: 'Another registry than that of the home folder.' }],
  async run(args, door) {
    const [action = 'show', name] = args.positional;
    if (action !== 'show' && action !== 'reset')
      throw new UserError('unknown-action', `retrain state: expected show or reset, found "${action}".`);
    const store = await registryOf(args, door);
    const model = await knownModel(store, name, door);
    if (action === 'show') {
      door.out.write(jsonText(await store.state(model, door.signal)));
      return EXIT.fine;
    }
    await store.updateState(model, ({ variables }) => ({ outcomes: {}, variables }), door.signal);
    await store.append(
      model,
      { at: door.clock().toISOString(), event: 'reset', text: 'Outcomes of earlier runs were forgotten by hand.' },
      door.signal,
    );
    door.out.write(`${model} forgot its earlier runs; versions and aliases are as they were. The next run trains.\n`);
    return EXIT.fine;
  },
};
