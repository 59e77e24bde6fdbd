// octet run: one run of a network on an image or on arrays.
#include <optional>
#include <vector>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detections.h"
#include "cli/drawing.h"
#include "cli/failure.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/library.h"
#include "cli/npy.h"
#include "cli/run_inputs.h"
#include "cli/run_results.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr char kManual[] = R"(
An image becomes the input as the model has it stored (octet quantize stores it) or as --config says.
Arrays are NumPy's .npy files: float32, float64, uint8, int8 or int32, in C order, of the input's shape.

What is printed depends on the network:
  one output, a value a class    the K likeliest classes: index, probability and, with --labels, name
  scores (N x 2), boxes (N x 4)  a line for each face: face SCORE X1 Y1 X2 Y2, in pixels of the image
  any other                      shape, least, largest and mean value of each output
Boxes are offsets to priors (raw) or corners in shares of the input (decoded); which, is found from the
network where --boxes does not say it.

Examples
  octet run face.octet --image people.jpg --draw faces.png
  octet run net.onnx --image cat.jpg --config net.json --labels names.txt
  octet run net.octet --input x.npy --output y.npy

Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted.)";

struct Options {
  std::string model, image, config;
  std::vector<std::string> arrays, shapes;
  std::string output, draw, labels, isa, boxes;
  int top = 5;
  int threads = 1;
  DetectionOptions detection;
};

void add_result_options(Arguments& arguments, Options& options) {
  arguments
      .add_option("--output", options.output,
                  "write the outputs: FILE.npy; where there are several\nFILE_<name>.npy, listed on stdout")
      ->type_name("FILE.npy");
  arguments.add_option("--top", options.top, "how many classes to print; default: 5")
      ->check(CLI::Range(1, 1000000).description(""))
      ->type_name("K");
  arguments.add_option("--labels", options.labels, "names of the classes, one a line")->type_name("FILE");
  arguments.add_option("--draw", options.draw, "write the image with the faces drawn in")
      ->type_name("FILE.png")
      ->needs("--image");
  arguments.add_option("--boxes", options.boxes, "what the boxes of a detector are: raw or decoded")
      ->check(CLI::IsMember({"raw", "decoded"}).description(""))
      ->type_name("KIND");
  arguments.add_option("--score-threshold", options.detection.score_threshold, "least score of a face; default: 0.7")
      ->check(CLI::Range(0.0f, 1.0f).description(""))
      ->type_name("SCORE");
  arguments
      .add_option("--iou", options.detection.iou_threshold,
                  "of two faces that overlap by more (intersection over\nunion) the better one stays; default: 0.3")
      ->check(CLI::Range(0.0f, 1.0f).description(""))
      ->type_name("SHARE");
}

Options read_options(const Call& call) {
  Options options;
  Arguments arguments("run", "Run a network once, on an image or on arrays.", kManual);
  arguments.add_option("model", options.model, "the model: .onnx, .mnn, .tflite or .octet")
      ->required()
      ->type_name("FILE");
  CLI::Option* image = arguments.add_option("--image", options.image, "a JPEG or PNG image")->type_name("FILE");
  arguments.add_option("--input", options.arrays, "an array; once for each input, by name or in the\nmodel's order")
      ->type_name("[NAME=]FILE.npy")
      ->allow_extra_args(false)
      ->excludes(image);
  arguments.add_option("--config", options.config, "JSON configuration that says how the image becomes the input")
      ->type_name("FILE")
      ->needs(image);
  add_result_options(arguments, options);
  arguments.add_shapes(options.shapes);
  arguments.add_threads(options.threads, "default: 1");
  arguments.add_isa(options.isa);
  arguments.add_json();
  arguments.read(call.words);
  if (options.image.empty() && options.arrays.empty()) {
    throw Failure(Q_E_ARGUMENT,
                  "nothing to run on: give --image FILE or --input [NAME=]FILE.npy; see 'octet run --help'");
  }
  return options;
}

// What is known before the run: what kind of network this is and which files will be written.
struct Plan {
  std::optional<DetectorLayout> detector;
  std::vector<std::string> output_files;
  std::vector<std::string> class_names;
};

void check_file(const std::string& path, const char* ending, const char* what, const Options& options) {
  std::vector<std::string> inputs = {options.model, options.image, options.config, options.labels};
  inputs.insert(inputs.end(), options.arrays.begin(), options.arrays.end());
  check_ending(path, {ending}, what);
  check_can_write(path, inputs);
}

Plan make_plan(const Network& network, Options& options) {
  Plan plan;
  plan.detector = detector_layout(network);
  if (plan.detector) {
    options.detection.raw =
        options.boxes.empty() ? boxes_are_raw(*plan.detector, layers_of(network)) : options.boxes == "raw";
  } else if (!options.draw.empty() || !options.boxes.empty()) {
    throw Failure(Q_E_ARGUMENT,
                  network.path + ": " + (options.draw.empty() ? "--boxes" : "--draw") +
                      " is for a detector: one input, scores of 1xNx2 and boxes of 1xNx4 as outputs",
                  network.path);
  }
  if (!options.labels.empty()) {
    if (!class_count(network)) {
      throw Failure(Q_E_ARGUMENT, network.path + ": --labels is for a network with one output, a value a class",
                    network.path);
    }
    plan.class_names = read_lines(options.labels);
  }
  if (!options.draw.empty()) check_file(options.draw, "png", "a drawing", options);
  if (!options.output.empty()) {
    check_ending(options.output, {"npy"}, "an output");
    plan.output_files = output_files(network, options.output);
    for (const std::string& file : plan.output_files) check_file(file, "npy", "an output", options);
  }
  return plan;
}

struct Results {
  TensorBuffers outputs;
  std::vector<Detection> faces;  // in pixels of the image, or of the input where there is no image
};

std::vector<Detection> faces_in(const Plan& plan, const Options& options, const TensorBuffers& outputs,
                                const std::optional<q_mapping>& mapping, const std::optional<q_pixels>& image) {
  const DetectorLayout& layout = *plan.detector;
  std::vector<Detection> faces = detect(layout, outputs[layout.scores], outputs[layout.boxes], options.detection);
  if (!mapping || !image) return faces;
  for (Detection& face : faces) face.box = map_box(face.box, *mapping, image->width, image->height);
  return faces;
}

Results run(const Network& network, const Plan& plan, const Options& options) {
  TensorBuffers inputs(network.inputs);
  Results results{TensorBuffers(network.outputs), {}};
  std::optional<q_mapping> mapping;
  std::optional<q_pixels> pixels;
  Image image;
  if (options.image.empty()) {
    fill_from_arrays(options.arrays, network, inputs);
  } else {
    const q_recipe recipe = choose_recipe(network, options.config);
    image = load_image(options.image, recipe.format);
    pixels = pixels_of(image.get());
    mapping = fill_from_image(*pixels, options.image, network, recipe, inputs);
  }
  const Session session = create_session(network, options.threads, options.isa, false);
  run_session(session.get(), inputs, results.outputs);
  stop_if_interrupted();
  if (plan.detector) results.faces = faces_in(plan, options, results.outputs, mapping, pixels);
  return results;
}

void write_files(const Network& network, const Plan& plan, const Options& options, const Results& results) {
  for (std::size_t i = 0; i < plan.output_files.size(); ++i) {
    const q_tensor_info& tensor = network.outputs[i];
    write_npy(plan.output_files[i], dims_of(tensor), results.outputs[i]);
  }
  if (options.draw.empty()) return;
  // In the colours of the file, whatever the network's own are.
  const Image image = load_image(options.image, Q_PIXELS_RGB);
  const q_pixels pixels = pixels_of(image.get());
  Canvas canvas(pixels.width, pixels.height, std::span(pixels.data, pixels.size_bytes));
  draw_detections(canvas, results.faces);
  write_png(options.draw, canvas);
}

std::string answer(const Network& network, const Plan& plan, const Options& options, const Results& results) {
  JsonWriter json;
  begin_answer(json, "run", true);
  json.field("file", network.path).optional_field("image", options.image);
  if (plan.detector) {
    json.field("boxes", options.detection.raw ? "raw" : "decoded");
    write_detections(json, results.faces);
  } else if (class_count(network)) {
    write_classes(json, classify(network, results.outputs, static_cast<std::size_t>(options.top), plan.class_names));
  }
  write_outputs(json, network, results.outputs);
  json.key("output_files").begin_array();
  for (const std::string& file : plan.output_files) json.value(file);
  json.end_array().optional_field("drawing", options.draw).end_object();
  return std::move(json).finish();
}

std::string summary(const Network& network, const Plan& plan, const Options& options, const Results& results) {
  std::string text;
  if (plan.detector) {
    text = detections_text(results.faces);
  } else if (class_count(network)) {
    text = classes_text(classify(network, results.outputs, static_cast<std::size_t>(options.top), plan.class_names));
  } else {
    text = outputs_text(network, results.outputs);
  }
  for (const std::string& file : plan.output_files) text += "wrote " + printable(file) + "\n";
  if (!options.draw.empty()) text += "wrote " + printable(options.draw) + "\n";
  return text;
}

}  // namespace

Outcome run_command(const Call& call, Console& console) {
  Options options = read_options(call);
  const Network network = load_network(options.model, console, options.shapes);
  const Plan plan = make_plan(network, options);
  const Results results = run(network, plan, options);
  write_files(network, plan, options, results);
  return {call.json ? answer(network, plan, options, results) : summary(network, plan, options, results)};
}

}  // namespace octet::cli
