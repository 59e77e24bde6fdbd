// The main job: an int8 network from a float one and about a hundred pictures; it is saved, and run on one picture.
//
//   dotnet run --project QuantizeAndRun [configuration] [network] [picture]
//
// Writes <name of the network>.octet into the current folder and prints the class with its probability.
using Octet;

string configuration = args.ElementAtOrDefault(0) ?? "../models/quantize.json";
string networkFile = args.ElementAtOrDefault(1) ?? "../models/shapes.onnx";
string picture = args.ElementAtOrDefault(2) ?? "../models/test/0005.png";
string result = Path.ChangeExtension(Path.GetFileName(networkFile), ".octet");

// Ctrl-C ends the quantization in an orderly way.
using CancellationTokenSource stop = new();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    Quantize();
    Classify();
    return 0;
}
catch (Exception failure) when (failure is OctetException or OperationCanceledException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

void Quantize()
{
    QuantizeOptions options = new()
    {
        ConfigPath = configuration,
        Progress = new ProgressLine(),
        Log = (level, text) => Console.Error.WriteLine($"{level}: {text}"),
    };
    using Model network = Model.Load(networkFile);
    using Model model = network.Quantize(options, out Report report, stop.Token);
    using (report)
    {
        model.Save(result);
        ReportInfo found = report.Info;
        Console.WriteLine($"{result}: weights of {found.Int8WeightBytes} bytes instead of {found.FloatWeightBytes}");
        if (found.Agreement is double agreement)
        {
            Console.WriteLine($"agrees with the float network on {agreement * 100:0.0} % of the pictures");
        }
    }
}

void Classify()
{
    using Model model = Model.Load(result);
    using Session session = model.CreateSession();
    using Image image = Image.Load(picture);
    float[] probabilities = new float[model.Outputs[0].ElementCount];
    // How pictures are prepared is stored in the int8 network; its output is float as the float network's.
    session.RunImage(image.Pixels, probabilities, cancellationToken: stop.Token);
    float highest = probabilities.Max();
    Console.WriteLine($"{picture}: class {Array.IndexOf(probabilities, highest)}, probability {highest:0.000}");
}

// Told on this thread, a few times a second. Progress<T> would tell a thread of the pool instead.
internal sealed class ProgressLine : IProgress<CallProgress>
{
    public void Report(CallProgress value)
    {
        string left = value.TimeLeft is TimeSpan time ? $", {time.TotalSeconds:0} s left" : "";
        string end = value.Done == value.Total ? "          \n" : "          \r";
        Console.Error.Write($"{value.Stage} {value.Done} of {value.Total}{left}{end}");
    }
}
