// Runs every model of a folder with ONNX Runtime and writes what it gives, as the reference for Octet.
//
//     node ort_reference.js MODULES FOLDER [LEVEL]
//
// MODULES: a folder in which `npm install --ignore-scripts onnxruntime-node` was run. FOLDER: NAME.onnx and
// NAME.input.npy as make_models.py writes them; it gets NAME.expected.npy, or NAME.expected_OUTPUT.npy for each
// output where there are several. LEVEL: of ONNX Runtime's optimizations, "disabled" (the default), ..., "all".
'use strict';

const fs = require('fs');
const path = require('path');
const {readNpy, writeNpy} = require('./npy.js');

async function reference(ort, folder, name, level) {
  const session = await ort.InferenceSession.create(path.join(folder, `${name}.onnx`), {
    graphOptimizationLevel: level, intraOpNumThreads: 1, logSeverityLevel: 3,
  });
  const input = readNpy(path.join(folder, `${name}.input.npy`));
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', input.data, input.shape)};
  const results = await session.run(feeds);
  for (const output of session.outputNames) {
    const ending = session.outputNames.length === 1 ? '' : `_${output}`;
    const tensor = results[output];
    if (tensor.type !== 'float32') throw new Error(`output ${output} is ${tensor.type}`);
    writeNpy(path.join(folder, `${name}.expected${ending}.npy`), tensor.dims, tensor.data);
  }
}

async function main() {
  if (process.argv.length < 4 || process.argv.length > 5) {
    console.error('usage: node ort_reference.js MODULES FOLDER [LEVEL]');
    process.exit(2);
  }
  const [modules, folder, level = 'disabled'] = process.argv.slice(2);
  const ort = require(require.resolve('onnxruntime-node', {paths: [path.resolve(modules)]}));
  const names = fs.readdirSync(folder).filter((f) => f.endsWith('.onnx')).map((f) => f.slice(0, -5)).sort();
  let failed = 0;
  for (const name of names) {
    try {
      await reference(ort, folder, name, level);
    } catch (error) {
      ++failed;
      console.log(`${name}: ONNX Runtime: ${error.message}`);
    }
  }
  console.log(`${names.length - failed} references written, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

main();
