// Runs an ONNX model with ONNX Runtime on many inputs, one after another.
//
//     node ort_batch.js MODULES MODEL.onnx INPUTS.f32 OUTPUTS.f32 LEVEL
//
// MODULES: a folder in which `npm install --ignore-scripts onnxruntime-node` was run. INPUTS: raw float32, whole inputs
// of the model's fixed shape behind each other; OUTPUTS likewise, of the model's first output.
// LEVEL of the graph's optimization: disabled, basic, extended or all.
'use strict';

const fs = require('fs');
const path = require('path');

async function main() {
  if (process.argv.length !== 7) {
    console.error('usage: node ort_batch.js MODULES MODEL.onnx INPUTS.f32 OUTPUTS.f32 LEVEL');
    process.exit(2);
  }
  const [modules, model, inputs, outputs, level] = process.argv.slice(2);
  const ort = require(require.resolve('onnxruntime-node', {paths: [path.resolve(modules)]}));
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: level, intraOpNumThreads: 1, logSeverityLevel: 3,
  });
  const bytes = fs.readFileSync(inputs);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const shape = session.inputMetadata[0].shape;
  const size = shape.reduce((product, dim) => product * dim, 1);
  const results = [];
  for (let at = 0; at + size <= values.length; at += size) {
    const tensor = new ort.Tensor('float32', values.slice(at, at + size), shape);
    const made = await session.run({[session.inputNames[0]]: tensor});
    results.push(Buffer.from(made[session.outputNames[0]].data.buffer.slice(0)));
  }
  fs.writeFileSync(outputs, Buffer.concat(results));
}

main();
