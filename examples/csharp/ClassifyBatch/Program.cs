// Several pictures in one run: a session whose input has another size than the model's, here of as many samples as there
// are pictures. Larger or smaller images are asked for in the same way, where a network does not fix their size.
//
//   dotnet run --project ClassifyBatch [model] [picture...]
//
// For classifiers of one picture. Prints the class of each with its probability.
using Octet;

string file = args.ElementAtOrDefault(0) ?? "../models/shapes.onnx";
string[] pictures = args.Length > 1
    ? args[1..]
    : ["../models/test/0001.png", "../models/test/0002.png", "../models/test/0005.png"];

try
{
    using Model model = Model.Load(file);
    // An int8 model knows how pictures are prepared. For a float one it stands in quantize.json beside the file.
    Recipe recipe = model.Recipe ??
        Recipe.FromConfig(Path.Combine(Path.GetDirectoryName(file) ?? "", "quantize.json"));
    long[] batch = [pictures.Length, -1, -1, -1]; // -1: the model's own size
    using Session session = model.CreateSession(new SessionOptions { InputShapes = [batch] });
    int one = (int)model.Inputs[0].ElementCount; // 1 x 3 x 64 x 64
    float[] input = new float[session.GetInput(0).ElementCount];
    float[] output = new float[session.GetOutput(0).ElementCount];
    for (int i = 0; i < pictures.Length; ++i)
    {
        using Image image = Image.Load(pictures[i]);
        image.Pixels.ToInput(model, input.AsSpan(i * one, one), 0, recipe);
    }
    session.Run(input, output);
    int classes = output.Length / pictures.Length;
    for (int i = 0; i < pictures.Length; ++i)
    {
        float[] values = output[(i * classes)..((i + 1) * classes)];
        int best = Array.IndexOf(values, values.Max());
        Console.WriteLine($"{pictures[i]}: class {best}, probability {values[best]:0.000}");
    }
    return 0;
}
catch (OctetException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
