using System.Reflection;

[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace Octet.Tests;

/// <summary>Where things are, and the networks that the tests run.</summary>
internal static class Data
{
    public static readonly string Repository = typeof(Data).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!;

    public static readonly string Header = Path.Combine(Repository, "include", "octet", "octet.h");
    public static readonly string Models = Path.Combine(Repository, "examples", "models");
    public static readonly string Shapes = Path.Combine(Models, "shapes.onnx");
    public static readonly string Config = Path.Combine(Models, "quantize.json");
    public static readonly string Labels = Path.Combine(Models, "labels.tsv");
    public static readonly string TestImages = Path.Combine(Models, "test");
    public static readonly string Picture = Path.Combine(TestImages, "0001.png");

    // Bytes of the project's own network in int8, made once.
    private static readonly Lazy<byte[]> s_int8 = new(() =>
    {
        using Model network = Model.Load(Shapes);
        using Model model = network.Quantize(new QuantizeOptions { ConfigPath = Config });
        using MemoryStream stream = new();
        model.Save(stream);
        return stream.ToArray();
    });

    public static Model LoadInt8() => Model.Load(s_int8.Value, "int8");

    /// <summary>What tests/checks/csharp.sh builds and passes on.</summary>
    public static string FromCheck(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"{variable} is not set: these tests run in tests/checks/csharp.sh");

    /// <summary>Inputs a and b, outputs sum = a + b and positive = max(sum, 0), all 1x2x2x3.</summary>
    public static Model TwoInputs() => Model.Load(Onnx.Graph()
        .Input("a", 1, 2, 2, 3).Input("b", 1, 2, 2, 3)
        .Node("Add", ["a", "b"], "sum").Node("Relu", ["sum"], "positive")
        .Output("sum", 1, 2, 2, 3).Output("positive", 1, 2, 2, 3).ToBytes(), "two inputs");

    /// <summary>y = max(x, 0), 1x1x1x8: a run that takes next to no time.</summary>
    public static Model Tiny() => Model.Load(Onnx.Graph()
        .Input("x", 1, 1, 1, 8).Node("Relu", ["x"], "y").Output("y", 1, 1, 1, 8).ToBytes(), "tiny");

    /// <summary>y = conv(a) + b, 1x2x2x3.</summary>
    public static Model TwoInputsWithWeights() => Model.Load(Onnx.Graph()
        .Input("a", 1, 2, 2, 3).Input("b", 1, 2, 2, 3).Constant("weights", Random(4), 2, 2, 1, 1)
        .Node("Conv", ["a", "weights"], "conv").Node("Add", ["conv", "b"], "y")
        .Output("y", 1, 2, 2, 3).ToBytes(), "two inputs with weights");

    /// <summary>A convolution from x, 1x3x8x8, to y, 1x4x6x6.</summary>
    public static Model Convolution() => Model.Load(Onnx.Graph()
        .Input("x", 1, 3, 8, 8).Constant("weights", Random(4 * 3 * 3 * 3), 4, 3, 3, 3)
        .Node("Conv", ["x", "weights"], "y").Output("y", 1, 4, 6, 6).ToBytes(), "convolution");

    /// <summary>The convolution quantized: its input and its output are int8.</summary>
    public static Model Int8Ends()
    {
        using Model network = Convolution();
        float[][] samples = [Random(3 * 8 * 8, 1), Random(3 * 8 * 8, 2)];
        return network.Quantize(new QuantizeOptions { Samples = SampleSource.FromMemory(samples) });
    }

    /// <summary>
    /// Convolutions one after another, 1x16x128x128; with <see cref="SlowOptions"/> they take about a second.
    /// </summary>
    public static Model Slow()
    {
        const int Layers = 30;
        float[] weights = new float[16 * 16 * 3 * 3];
        Random random = new(1);
        for (int i = 0; i < weights.Length; ++i) weights[i] = (float)(random.NextDouble() - 0.5) / 8;
        Onnx graph = Onnx.Graph().Input("x0", 1, 16, 128, 128).Constant("weights", weights, 16, 16, 3, 3);
        for (int i = 0; i < Layers; ++i)
        {
            graph.Node("Conv", [$"x{i}", "weights"], $"x{i + 1}", ("kernel_shape", [3, 3]), ("pads", [1, 1, 1, 1]));
        }
        return Model.Load(graph.Output($"x{Layers}", 1, 16, 128, 128).ToBytes(), "slow");
    }

    public static readonly SessionOptions SlowOptions = new() { InstructionSet = "ref" };

    public static float[] Random(long count, int seed = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; ++i) values[i] = (float)((random.NextDouble() * 2) - 1);
        return values;
    }

    /// <summary>A configuration with the project's recipe and no images.</summary>
    public const string RecipeJson =
        """{"format": "RGB", "mean": [127.5, 127.5, 127.5], "normal": [0.00784314, 0.00784314, 0.00784314]}""";

    /// <summary>Inputs of the project's network from the first calibration images.</summary>
    public static List<float[]> Samples(Model model, int count)
    {
        Recipe recipe = Recipe.FromConfig(Config);
        return CalibrationImages(count).Select(file =>
        {
            using Image image = Image.Load(file);
            float[] values = new float[model.Inputs[0].ElementCount];
            image.Pixels.ToInput(model, values, recipe: recipe);
            return values;
        }).ToList();
    }

    public static string[] CalibrationImages(int count) =>
        Directory.GetFiles(Path.Combine(Models, "calibration")).Order(StringComparer.Ordinal).Take(count).ToArray();
}
