// Calibration without files: the program has tensors, and gives them to the library one at a time.
//
//   dotnet run --project CalibrateFromMemory [folder]
//
// The folder holds shapes.onnx, quantize.json and pictures in calibration/ and test/. Here the tensors come from
// pictures that are decoded once; in a program of yours they may come from anywhere.
using Octet;

string folder = args.ElementAtOrDefault(0) ?? "../models";

using Model network = Model.Load(Path.Combine(folder, "shapes.onnx"));
Recipe recipe = Recipe.FromConfig(Path.Combine(folder, "quantize.json"));
TensorSource calibration = new(Decode("calibration", 64));
TensorSource test = new(Decode("test", 200));

using Model quantized = network.Quantize(new QuantizeOptions { Samples = calibration });
// The same kind of source serves to compare the two networks, over other pictures.
using Report report = network.Compare(quantized, new CompareOptions { Samples = test });
ReportInfo found = report.Info;
Console.WriteLine($"calibrated with {calibration.Count} tensors from memory");
Console.WriteLine(
    $"float and int8 agree on {found.Agreement * 100:0.0} % of {found.MeasuredSamples} test pictures; " +
    $"least cosine of the outputs {report.GetOutputs()[0].Cosine:0.0000}");

List<float[]> Decode(string pictures, int most) =>
    Directory.GetFiles(Path.Combine(folder, pictures)).Order(StringComparer.Ordinal).Take(most).Select(file =>
    {
        using Image image = Image.Load(file);
        float[] tensor = new float[network.Inputs[0].ElementCount];
        image.Pixels.ToInput(network, tensor, recipe: recipe);
        return tensor;
    }).ToList();

/// <summary>
/// Gives tensors to the library: a sample may be asked for more than once and must be the same each time. For tensors
/// in a list, as here, SampleSource.FromMemory does this as well.
/// </summary>
internal sealed class TensorSource(IReadOnlyList<float[]> tensors) : ISampleSource
{
    public long Count => tensors.Count;

    public void Load(long index, SampleTensors inputs) => tensors[(int)index].CopyTo(inputs[0]);
}
