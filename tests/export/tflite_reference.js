// Runs every .tflite model of a folder with TensorFlow Lite and writes what it gives, as the reference for Octet.
//
//     node tflite_reference.js MODULES FOLDER
//
// MODULES: a folder in which `npm install --ignore-scripts @tensorflow/tfjs-tflite` was run; its WebAssembly build of
// TensorFlow Lite is used without the package's own loader, which is for browsers. FOLDER: NAME.tflite and
// NAME.input.npy; it gets NAME.expected.npy, or NAME.expected_OUTPUT.npy for each output where there are several.
'use strict';

const fs = require('fs');
const path = require('path');
const vm = require('vm');
const {readNpy, writeNpy} = require('../import/onnx/npy.js');

function packageFolder(modules) {
  return path.join(path.resolve(modules), 'node_modules', '@tensorflow', 'tfjs-tflite', 'wasm');
}

async function load(modules) {
  const folder = packageFolder(modules);
  const name = path.join(folder, 'tflite_web_api_cc_simd');
  const factory = vm.runInThisContext(`${fs.readFileSync(`${name}.js`, 'utf8')};tflite_web_api_ModuleFactory`);
  return factory({wasmBinary: fs.readFileSync(`${name}.wasm`), print: () => {}, printErr: () => {}});
}

// Elements of a C++ vector.
function list(vector) {
  const items = [];
  for (let i = 0; i < vector.size(); ++i) items.push(vector.get(i));
  return items;
}

function dims(tensor) {
  return tensor.shape.split(',').filter((s) => s.trim()).map(Number);
}

function reference(tflite, folder, name) {
  const bytes = fs.readFileSync(path.join(folder, `${name}.tflite`));
  const address = tflite._malloc(bytes.length);
  tflite.HEAPU8.set(bytes, address);
  const options = {numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1024};
  const created = tflite.TFLiteWebModelRunner.CreateFromBufferAndOptions(address, bytes.length, options);
  if (!created.ok()) throw new Error(created.errorMessage());
  const runner = created.value();
  const [input, ...others] = list(runner.GetInputs());
  if (input.dataType !== 'float32' || others.length > 0) throw new Error('has not one float32 input');
  input.data().set(readNpy(path.join(folder, `${name}.input.npy`)).data);
  if (!runner.Infer()) throw new Error('cannot be run');
  const outputs = list(runner.GetOutputs());
  for (const output of outputs) {
    const ending = outputs.length === 1 ? '' : `_${output.name}`;
    if (output.dataType !== 'float32') throw new Error(`output ${output.name} is ${output.dataType}`);
    writeNpy(path.join(folder, `${name}.expected${ending}.npy`), dims(output), Float32Array.from(output.data()));
  }
  runner.delete();
  tflite._free(address);
}

async function main() {
  if (process.argv.length !== 4) {
    console.error('usage: node tflite_reference.js MODULES FOLDER');
    process.exit(2);
  }
  const [modules, folder] = process.argv.slice(2);
  const tflite = await load(modules);
  const names = fs.readdirSync(folder).filter((f) => f.endsWith('.tflite')).map((f) => f.slice(0, -7)).sort();
  let failed = 0;
  for (const name of names) {
    try {
      reference(tflite, folder, name);
    } catch (error) {
      ++failed;
      console.log(`${name}: TensorFlow Lite: ${error.message || error}`);
    }
  }
  console.log(`${names.length - failed} references written, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

main();
