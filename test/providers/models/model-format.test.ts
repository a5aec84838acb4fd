import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { chooseFiles } from '../../../src/providers/models/choose-files.ts';
import { checkModelFile } from '../../../src/providers/models/model-format.ts';
import { scratchFolder } from '../../contracts/scratch.ts';
import { HDF5, NUMPY, PICKLE, SENTENCEPIECE, safetensors, ZIP } from './model-files.ts';

async function check(context: TestContext, name: string, content: string | Buffer): Promise<void> {
  const path = join(await scratchFolder(context), 'file');
  await writeFile(path, content);
  return checkModelFile(path, name);
}

test('model files: what a T5 folder holds is taken', async (context) => {
  const good: Readonly<Record<string, string | Buffer>> = {
    'model.safetensors': safetensors(),
    'config.json': '{"architectures": ["T5ForConditionalGeneration"], "d_model": 64}',
    'spiece.model': SENTENCEPIECE,
    'vocab.txt': '[PAD]\n[UNK]\nä\n',
    'added_tokens.json': '{}',
    'model.gguf': Buffer.from('GGUF\x03\x00\x00\x00', 'latin1'),
    'model.onnx': Buffer.from([0x08, 0x08, 0x12, 0x07, ...Buffer.from('pytorch')]),
    'model.ubj': Buffer.from('{L\x00\x00\x00\x00\x00\x00\x00\x07learner', 'latin1'),
    'empty.txt': '',
  };
  for (const [name, content] of Object.entries(good)) await check(context, name, content);
});

test('model files: the form is told by the bytes; no name makes a pickle anything else', async (context) => {
  const hostile = { PICKLE, ZIP, HDF5, NUMPY, gzip: Buffer.from([0x1f, 0x8b, 8, 0]), unknown: Buffer.from([0xff, 0xfe, 0, 1]) };
  for (const [what, content] of Object.entries(hostile)) {
    for (const name of ['model.safetensors', 'config.json', 'vocab.txt', 'model', 'model.onnx'])
      await assert.rejects(
        check(context, name, content),
        { code: 'unsafe-model', fault: 'user', todo: /safetensors/ },
        `${what} as ${name}`,
      );
  }
  await assert.rejects(check(context, 'model.safetensors', 'cos\nsystem\n(S"id"\ntR.'), {
    code: 'unsafe-model',
    message: /promises safetensors, its bytes are text/,
  });
  await assert.rejects(check(context, 'config.json', safetensors()), {
    code: 'unsafe-model',
    message: /promises json, its bytes are safetensors/,
  });
});

test('model files: a configuration that names code is refused, at any depth', async (context) => {
  for (const config of [{ auto_map: { AutoModel: 'modeling.Model' } }, { text_config: { auto_map: {} } }, { trust_remote_code: true }])
    await assert.rejects(check(context, 'config.json', JSON.stringify(config)), { code: 'unsafe-model', message: /names code/ });
  await check(context, 'config.json', '{"trust_remote_code": false, "note": "auto_map"}');
  await assert.rejects(check(context, 'config.json', '{"d_model": 64'), { code: 'damaged-model', message: /not JSON/ });
});

test('safetensors: a header that cannot be true is refused', async (context) => {
  const tensor = (start: number, end: number, shape: readonly number[] = [(end - start) / 4], dtype = 'F32') => ({
    dtype,
    shape,
    data_offsets: [start, end],
  });
  const eight = new Uint8Array(8);
  const crafted: Readonly<Record<string, readonly [RegExp, Buffer]>> = {
    overlapping: [/lies at 4 to 12/, safetensors({ a: tensor(0, 8), b: tensor(4, 12) }, new Uint8Array(12))],
    gap: [/lies at 4 to 8/, safetensors({ a: tensor(4, 8) }, eight)],
    'beyond the end': [/end at 16 of 8/, safetensors({ a: tensor(0, 16) }, eight)],
    'bytes nobody owns': [/end at 4 of 8/, safetensors({ a: tensor(0, 4) }, eight)],
    negative: [/not of the form/, safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}', eight)],
    backwards: [/lies at 8 to 0|lies at/, safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [8, 0] } }, eight)],
    'wrong shape': [/its shape and type make 12/, safetensors({ a: tensor(0, 8, [3]) }, eight)],
    'shape that overflows': [/its shape and type make/, safetensors({ a: tensor(0, 8, [2 ** 32, 2 ** 32]) }, eight)],
    '2^63': [/not of the form/, safetensors('{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}', eight)],
    'duplicate key': [
      /names "a" twice/,
      safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', eight),
    ],
    'duplicate key in a tensor': [
      /names "shape" twice/,
      safetensors('{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}', eight),
    ],
    'duplicate key by escape': [
      /names "a" twice/,
      safetensors(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        eight,
      ),
    ],
    'unknown type': [/unknown type "F31"/, safetensors({ a: tensor(0, 8, [2], 'F31') }, eight)],
    'more keys': [/not of the form/, safetensors({ a: { ...tensor(0, 8), code: 'x' } }, eight)],
    'metadata that is no text': [/not of the form/, safetensors({ __metadata__: { a: 1 }, a: tensor(0, 8) }, eight)],
    'not JSON': [/not JSON/, safetensors('{"a":', eight)],
    'a name of megabytes': [
      /names "x+" twice/,
      safetensors(`{"__metadata__":{${`"${'x'.repeat(20_000_000)}":"",`.repeat(2)}"":""}}`, eight),
    ],
    'a million lengths': [
      /more than any file/,
      safetensors(`{"a":{"dtype":"F32","shape":[${'9007199254740991,'.repeat(1_000_000)}1],"data_offsets":[0,8]}}`, eight),
    ],
    'a name that is none': [/end at 0 of 8/, safetensors('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', eight)],
  };
  for (const [what, [message, content]] of Object.entries(crafted)) {
    await assert.rejects(check(context, 'm.safetensors', content), { code: 'damaged-model', message }, what);
  }
  for (const length of [2n ** 63n, 200_000_000n, 1000n])
    await assert.rejects(check(context, 'm.safetensors', safetensors({}, eight, length)), { code: 'unsafe-model' }, String(length));
});

test('safetensors: empty tensors, metadata, six-bit types and padding are as the format has them', async (context) => {
  const header = {
    __metadata__: { format: 'pt' },
    none: { dtype: 'F32', shape: [0, 4], data_offsets: [0, 0] },
    scalar: { dtype: 'BF16', shape: [], data_offsets: [0, 2] },
    packed: { dtype: 'F6_E2M3', shape: [8], data_offsets: [2, 8] },
  };
  await check(context, 'm.safetensors', safetensors(`${JSON.stringify(header)}     `));
  await check(context, 'm.safetensors', safetensors({}, new Uint8Array(0)));
});

test('choosing files: one safe form of the weights, configuration and tokenizer; the rest stays behind', () => {
  const hub = [
    '.gitattributes',
    'README.md',
    'config.json',
    'flax_model.msgpack',
    'model.safetensors',
    'onnx/encoder_model.onnx',
    'pytorch_model.bin',
    'rust_model.ot',
    'spiece.model',
    'tf_model.h5',
    'tokenizer.json',
    'modeling.py',
  ];
  assert.deepEqual(chooseFiles(hub, 'hf://o/t5'), ['config.json', 'model.safetensors', 'spiece.model', 'tokenizer.json']);
  assert.deepEqual(chooseFiles(['config.json', 'optimizer.pt', 'model.gguf'], 'x'), ['config.json', 'model.gguf']);
});

test('choosing files: weights only as pickles are refused with the way to convert them', () => {
  assert.throws(() => chooseFiles(['config.json', 'pytorch_model.bin'], 'gs://b/m'), {
    code: 'unsafe-model',
    message: /pytorch_model\.bin/,
    todo: /safe_serialization=True/,
  });
});

test('choosing files: names that leave the folder, or fall together on some disks, are refused', () => {
  for (const name of ['../x.json', '/etc/x.json', 'a//b.json', 'a/./b.json', 'a\\b.json', 'c:x.json', 'a\0b', 'a\nb.json'])
    assert.throws(() => chooseFiles([name], 'gs://b/m'), { code: 'bad-name' }, JSON.stringify(name));
  assert.throws(() => chooseFiles(['Config.json', 'config.json'], 'gs://b/m'), { code: 'bad-name', message: /Config\.json/ });
});
