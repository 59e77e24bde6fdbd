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

function readNpy(file) {
  const bytes = fs.readFileSync(file);
  if (bytes.toString('latin1', 1, 6) !== 'NUMPY') throw new Error(`${file} is not an npy file`);
  const wide = bytes[6] > 1;
  const start = wide ? 12 : 10;
  const end = start + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', start, end);
  if (!header.includes("'<f4'") || header.includes("'fortran_order': True")) {
    throw new Error(`${file} does not hold float32 in C order`);
  }
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((s) => s.trim()).map(Number);
  const data = new Float32Array(Uint8Array.from(bytes.subarray(end)).buffer);
  return {shape, data};
}

function writeNpy(file, shape, data) {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  let header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const prefix = Buffer.from('\x93NUMPY\x01\x00\0\0', 'latin1');
  prefix.writeUInt16LE(header.length, 8);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  fs.writeFileSync(file, Buffer.concat([prefix, Buffer.from(header, 'latin1'), body]));
}

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
