using Xunit;

namespace Octet.Tests;

public class QuantizeTests
{
    private sealed class Listener(Action<CallProgress> report) : IProgress<CallProgress>
    {
        public void Report(CallProgress value) => report(value);
    }

    [Fact]
    public void QuantizesWithAConfigurationAndReports()
    {
        using Model network = Model.Load(Data.Shapes);
        List<CallProgress> progress = [];
        int thread = Environment.CurrentManagedThreadId;
        using Model model = network.Quantize(
            new QuantizeOptions
            {
                ConfigPath = Data.Config,
                Progress = new Listener(value =>
                {
                    Assert.Equal(thread, Environment.CurrentManagedThreadId);
                    progress.Add(value);
                }),
            },
            out Report report);
        using (report)
        {
            Assert.NotEmpty(progress);
            Assert.All(progress, value => Assert.InRange(value.Done, 0, value.Total));
            Assert.Contains(progress, value => value.Stage == "observe" && value.Done == value.Total);
            Assert.Equal(0, model.Info.FileBytes);

            ReportInfo info = report.Info;
            Assert.Equal(100, info.CalibrationSamples);
            Assert.InRange(info.Agreement!.Value, 0.95, 1);
            Assert.Null(info.FloatTop1);
            Assert.Null(info.Int8Time);
            Assert.True(info.Int8WeightBytes < info.FloatWeightBytes * 0.35);
            Assert.True(info.Elapsed > TimeSpan.Zero);
            OutputError output = Assert.Single(report.GetOutputs());
            Assert.Equal("probabilities", output.Name);
            Assert.InRange(output.MeanCosine, output.Cosine, 1);
            IReadOnlyList<LayerError> layers = report.GetLayers();
            Assert.Contains(layers, layer => layer.IsInt8 && layer.High > layer.Low && layer.Method != "");
            Assert.Empty(report.GetKeptFloatLayers());
            using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(report.ToJson());
            Assert.Equal(System.Text.Json.JsonValueKind.Object, json.RootElement.ValueKind);
            string path = Path.Combine(Path.GetTempPath(), $"octet-{Guid.NewGuid():N}.html");
            report.Save(path);
            Assert.Contains("<html", File.ReadAllText(path), StringComparison.OrdinalIgnoreCase);
            File.Delete(path);
            Assert.Equal(Status.Unsupported, Assert.Throws<OctetException>(() => report.Save("report.txt")).Status);
        }
        Assert.Throws<ObjectDisposedException>(() => report.Info);
        Assert.Throws<ObjectDisposedException>(() => report.GetLayers());
    }

    [Fact]
    public void MeasuresWhatIsFasterInFloat()
    {
        using Model network = Model.Load(Data.Shapes);
        using Model model = network.Quantize(
            new QuantizeOptions { Samples = SampleSource.FromMemory(Data.Samples(network, 4)), FloatWhereFaster = true },
            out Report report);
        using (report)
        {
            // Whether any is depends on the machine.
            IReadOnlyList<KeptFloatLayer> kept = report.GetKeptFloatLayers();
            Assert.Equal(kept.Count > 0, report.Info.Int8Time is not null);
            Assert.Equal(kept.Count > 0, report.Info.MixedTime < report.Info.Int8Time);
            IEnumerable<string> inFloat = model.GetLayers().Where(layer => !layer.IsInt8).Select(layer => layer.Name);
            Assert.Superset(kept.Select(layer => layer.Name).ToHashSet(), inFloat.ToHashSet());
            Assert.Equal(kept.Count > 0, kept.Any(layer => layer.FloatTime < layer.Int8Time)); // others are between such
        }
    }

    [Fact]
    public void ReportTellsWhy()
    {
        using Model network = Model.Load(Data.Shapes);
        QuantizeOptions options = new()
        {
            ConfigJson = """{"feature_quantize_method": "MINMAX", "mixed": {"min_sqnr": 60, "max_float_macs": 0.3}}""",
            Samples = SampleSource.FromMemory(Data.Samples(network, 4)),
            ReportDetails = true,
        };
        network.Quantize(options, out Report report).Dispose();
        using (report)
        {
            ReportInfo info = report.Info;
            Assert.True(info.IsPoor); // 60 dB are out of reach
            Assert.True(info.FloatRunTime > TimeSpan.Zero && info.Int8RunTime > TimeSpan.Zero);
            Assert.NotNull(info.Mixed);
            Assert.False(info.Mixed.Reached);
            Assert.True(info.Mixed.FloatMacShare > 0 && info.Mixed.SqnrDb >= info.Mixed.AllInt8SqnrDb);
            Assert.True(info.Mixed.Drop <= info.Mixed.AllInt8Drop);
            MixedLayer kept = report.GetMixedLayers()[0];
            Assert.True(kept.Name != "" && kept.Operator != "" && kept.Macs > 0 && double.IsFinite(kept.GainedDb));
            SampleError sample = report.GetSamples()[0];
            Assert.True(sample.Name != "" && sample.Cosine > 0 && sample.FloatScore > 0 && sample.Int8Score > 0);
            Assert.Equal(sample.SameAnswer, sample.FloatClass == sample.Int8Class);
            Assert.NotNull(sample.FloatClass);
            Assert.Equal((0, 0), (sample.FloatBoxCount, sample.Int8BoxCount));
            IReadOnlyList<LayerError> layers = report.GetLayers();
            Assert.Contains(layers, l => l.Cause != "" && l.CauseText != "" && l.Advice != "" && l.OwnSqnrDb < 200);
            Assert.Contains(layers, layer => layer.FloatTime > TimeSpan.Zero && layer.Int8Time > TimeSpan.Zero);
            Assert.Null(report.GetDetections());
        }
        QuantizeOptions raw = options with { Boxes = BoxKind.Raw };
        Assert.Equal(Status.Argument, Assert.Throws<OctetException>(() => network.Quantize(raw)).Status);
    }

    [Fact]
    public void DetectorsAreComparedByTheirBoxes()
    {
        string folder = Path.Combine(Path.GetDirectoryName(Data.Shapes)!, "faces");
        using Model network = Model.Load(Path.Combine(folder, "faces.onnx"));
        using Report report = network.Compare(
            network,
            new CompareOptions { ConfigPath = Path.Combine(folder, "quantize.json"), Boxes = BoxKind.Decoded });
        DetectionError? found = report.GetDetections();
        Assert.NotNull(found);
        Assert.Equal(BoxKind.Decoded, found.Boxes);
        Assert.True(found.Matched > 0 && found.FloatBoxes == found.Matched && found.Int8Boxes == found.Matched);
        Assert.True(found.SameSamples > 0 && found.MeanIou == 1 && found.LeastIou == 1 && found.ScoreThreshold > 0.69);
        Assert.Equal((0.0, 0.0), (found.MeanScoreError, found.MaxScoreError));
    }

    [Fact]
    public void AllSourcesOfTheSameImagesGiveTheSameModel()
    {
        using Model network = Model.Load(Data.Shapes);
        string[] files = Data.CalibrationImages(12);
        string folder = Directory.CreateTempSubdirectory("octet-ü").FullName;
        foreach (string file in files) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));

        using Model fromFiles = Quantize(new() { ConfigJson = Data.RecipeJson, ImageFiles = files });
        using Model fromFolder = Quantize(new() { ConfigJson = Data.RecipeJson, Images = folder });
        Assert.Equal(Bytes(fromFiles), Bytes(fromFolder));
        QuantizeOptions options = new() { ConfigJson = Data.RecipeJson, ImageFiles = files };
        using Model minMax = Quantize(options with { FeatureMethod = "MINMAX" });
        Assert.NotEqual(Bytes(fromFiles), Bytes(minMax));
        using Model admm = Quantize(options with { WeightMethod = "ADMM" });
        Assert.NotEqual(Bytes(fromFiles), Bytes(admm));

        // Of tensors nobody knows how they came about: the model has no recipe, but is the same otherwise.
        using Model fromMemory = Quantize(new() { Samples = SampleSource.FromMemory(Data.Samples(network, 12)) });
        Assert.Null(fromMemory.Recipe);
        Assert.NotNull(fromFiles.Recipe);
        Assert.Equal(Output(fromFiles), Output(fromMemory));
        Directory.Delete(folder, recursive: true);

        Model Quantize(QuantizeOptions options) => network.Quantize(options);

        static byte[] Bytes(Model model)
        {
            using MemoryStream stream = new();
            model.Save(stream);
            return stream.ToArray();
        }

        static float[] Output(Model model)
        {
            using Session session = model.CreateSession();
            float[] output = new float[16];
            session.Run(Data.Random(3 * 64 * 64), output);
            return output;
        }
    }

    [Fact]
    public void ASourceFillsEveryInput()
    {
        using Model network = Data.TwoInputsWithWeights();
        HashSet<long> asked = [];
        ISampleSource source = SampleSource.Create(4, (index, inputs) =>
        {
            asked.Add(index);
            Assert.Equal(2, inputs.Count);
            Data.Random(12, (int)index).CopyTo(inputs[0]);
            inputs[1].Fill(index);
            try
            {
                _ = inputs[2];
                Assert.Fail("there is no third input");
            }
            catch (ArgumentOutOfRangeException)
            {
            }
        });
        using Model model = network.Quantize(new QuantizeOptions { Samples = source });
        Assert.Equal([0, 1, 2, 3], asked.Order());
    }

    [Fact]
    public void WhatACallbackThrowsIsThrownByTheCall()
    {
        using Model network = Model.Load(Data.Shapes);
        List<float[]> samples = Data.Samples(network, 4);
        ISampleSource source = SampleSource.FromMemory(samples);

        List<long> asked = [];
        ISampleSource failing = SampleSource.Create(4, (index, inputs) =>
        {
            asked.Add(index);
            if (index == 2) throw new InvalidTimeZoneException("from the source");
            samples[(int)index].CopyTo(inputs[0]);
        });
        InvalidTimeZoneException fromSource = Assert.Throws<InvalidTimeZoneException>(
            () => network.Quantize(new QuantizeOptions { Samples = failing }));
        Assert.Equal("from the source", fromSource.Message);
        Assert.Contains(nameof(WhatACallbackThrowsIsThrownByTheCall), fromSource.StackTrace);
        Assert.Equal(2, asked[^1]); // nothing was asked for after it threw
        Assert.Equal(1, asked.Count(index => index == 2));

        Assert.Throws<InvalidTimeZoneException>(() => network.Quantize(new QuantizeOptions
        {
            Samples = source,
            Progress = new Listener(_ => throw new InvalidTimeZoneException()),
        }));
        ISampleSource wrong = SampleSource.FromMemory([new float[5]]);
        Assert.Throws<ArgumentException>(() => network.Quantize(new QuantizeOptions { Samples = wrong }));
    }

    [Fact]
    public void ATokenEndsAQuantization()
    {
        using Model network = Model.Load(Data.Shapes);
        using CancellationTokenSource cancellation = new();
        OperationCanceledException exception = Assert.ThrowsAny<OperationCanceledException>(() => network.Quantize(
            new QuantizeOptions { ConfigPath = Data.Config, Progress = new Listener(_ => cancellation.Cancel()) },
            cancellation.Token));
        Assert.Equal(cancellation.Token, exception.CancellationToken);

        using CancellationTokenSource second = new();
        List<float[]> samples = Data.Samples(network, 4);
        Assert.ThrowsAny<OperationCanceledException>(() => network.Quantize(
            new QuantizeOptions
            {
                Samples = SampleSource.Create(4, (index, inputs) =>
                {
                    second.Cancel();
                    samples[(int)index].CopyTo(inputs[0]);
                }),
            },
            second.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => network.Quantize(new QuantizeOptions(), second.Token));
    }

    [Fact]
    public void FailuresHaveTheirStatus()
    {
        using Model network = Model.Load(Data.Shapes);
        Assert.Equal(Status.Argument, Fails(new QuantizeOptions())); // nothing to calibrate with
        Assert.Equal(Status.Config, Fails(new QuantizeOptions { ConfigJson = "{", Images = Data.TestImages }));
        Assert.Equal(Status.IO, Fails(new QuantizeOptions { ConfigPath = "/no/such.json" }));
        using Model model = Data.LoadInt8();
        OctetException already = Assert.Throws<OctetException>(
            () => model.Quantize(new QuantizeOptions { ConfigPath = Data.Config }));
        Assert.Equal(Status.Argument, already.Status);

        Status Fails(QuantizeOptions options) =>
            Assert.Throws<OctetException>(() => network.Quantize(options)).Status;
    }

    [Fact]
    public void ComparesOverImagesAndOverSamples()
    {
        using Model network = Model.Load(Data.Shapes);
        using Model model = Data.LoadInt8();
        List<CallProgress> progress = [];
        using Report report = network.Compare(model, new CompareOptions
        {
            ConfigPath = Data.Config,
            Images = Data.TestImages,
            Labels = Data.Labels,
            Progress = new Listener(progress.Add),
        });
        ReportInfo info = report.Info;
        Assert.Equal((200, 200, 0), (info.MeasuredSamples, info.LabelledSamples, info.CalibrationSamples));
        Assert.Equal(0.995, info.FloatTop1);
        Assert.InRange(info.Int8Top1!.Value, 0.98, 1);
        Assert.InRange(info.Agreement!.Value, 0.98, 1);
        Assert.NotEmpty(progress);

        using Report overSamples = network.Compare(
            model, new CompareOptions { Samples = SampleSource.FromMemory(Data.Samples(network, 5)) });
        Assert.Equal(5, overSamples.Info.MeasuredSamples);
        Assert.Null(overSamples.Info.FloatTop1);
        using Model other = Data.TwoInputs();
        Assert.Equal(
            Status.Shape,
            Assert.Throws<OctetException>(() => network.Compare(other, new() { ConfigPath = Data.Config })).Status);
    }

    [Fact]
    public void UnreadableImagesAreWarnedOf()
    {
        using Model network = Model.Load(Data.Shapes);
        string broken = Path.Combine(Path.GetTempPath(), $"octet-{Guid.NewGuid():N}.png");
        File.WriteAllText(broken, "no image");
        List<(LogLevel Level, string Text)> log = [];
        using Model model = network.Quantize(
            new QuantizeOptions
            {
                ConfigJson = Data.RecipeJson,
                ImageFiles = [Data.Picture, broken],
                Log = (level, text) => log.Add((level, text)),
            },
            out Report report);
        using (report)
        {
            Assert.Equal(1, report.Info.SkippedFiles);
            Assert.Contains(report.GetWarnings(), warning => warning.Contains(broken, StringComparison.Ordinal));
        }
        Assert.Contains(log, entry => entry.Level == LogLevel.Warning && entry.Text.Contains(broken));
        Assert.Throws<InvalidTimeZoneException>(() => network.Quantize(new QuantizeOptions
        {
            ConfigJson = Data.RecipeJson,
            ImageFiles = [Data.Picture, broken],
            Log = (_, _) => throw new InvalidTimeZoneException(),
        }));
        File.Delete(broken);
    }

    [Fact]
    public void ShardsGiveTheBytesOfOneCall()
    {
        string folder = Directory.CreateTempSubdirectory("octet-").FullName;
        try
        {
            using Model network = Model.Load(Data.Shapes);
            QuantizeOptions options = new() { ConfigPath = Data.Config, FeatureMethod = "MINMAX" };
            byte[] Bytes(QuantizeOptions given)
            {
                using Model model = network.Quantize(given);
                model.Save(Path.Combine(folder, "model.octet"));
                return File.ReadAllBytes(Path.Combine(folder, "model.octet"));
            }
            byte[] whole = Bytes(options);
            string[] files = [Path.Combine(folder, "part1"), Path.Combine(folder, "part2")];
            network.Observe(options, 2, 2, files[1]);
            Assert.Equal(Status.Data, Assert.Throws<OctetException>(
                () => network.Quantize(options with { Statistics = [files[1]] })).Status);
            network.Observe(options, 1, 2, files[0]);
            Assert.Equal(whole, Bytes(options with { Statistics = files }));

            string cache = Path.Combine(folder, "cache");
            Assert.Equal(whole, Bytes(options with { Cache = cache }));
            Assert.Single(Directory.GetFiles(cache));
            Assert.Equal(whole, Bytes(options with { Cache = cache }));

            Assert.Equal(Status.Argument, Assert.Throws<OctetException>(
                () => network.Observe(options, 3, 2, files[0])).Status);
            Assert.Equal(Status.Config, Assert.Throws<OctetException>(
                () => network.Observe(options with { FeatureMethod = "EMA" }, 1, 2, files[0])).Status);
            using CancellationTokenSource source = new();
            source.Cancel();
            Assert.Throws<OperationCanceledException>(() => network.Observe(options, 1, 2, files[0], source.Token));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
