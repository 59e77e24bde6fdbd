using Xunit;

namespace Octet.Tests;

public class ModelTests
{
    [Fact]
    public void TellsWhatAModelIs()
    {
        using Model model = Model.Load(Data.Shapes);
        ModelInfo info = model.Info;
        Assert.Equal("onnx", info.SourceFormat);
        Assert.Equal(new FileInfo(Data.Shapes).Length, info.FileBytes);
        Assert.Equal((1, 1, 0), (info.InputCount, info.OutputCount, info.Int8LayerCount));
        Assert.InRange(info.Macs, 11_000_000, 12_000_000);
        Assert.InRange(info.WeightBytes, 700_000, 800_000);

        TensorInfo input = Assert.Single(model.Inputs);
        Assert.Equal("image", input.Name);
        Assert.Equal([1, 3, 64, 64], input.Dimensions);
        Assert.Equal((3 * 64 * 64, 0f, DataType.Float32), (input.ElementCount, input.Scale, input.DataType));
        TensorInfo output = Assert.Single(model.Outputs);
        Assert.Equal("probabilities", output.Name);
        Assert.Equal([1, 16], output.Dimensions);

        IReadOnlyList<LayerInfo> layers = model.GetLayers();
        Assert.Equal(info.LayerCount, layers.Count);
        Assert.Equal(info.Macs, layers.Sum(layer => layer.Macs));
        Assert.Contains(layers, layer => layer.Operator == "conv" && layer.Output.Dimensions.Count == 4);
        Assert.Null(model.Recipe);
    }

    [Fact]
    public void PathBytesAndStreamGiveTheSameModel()
    {
        byte[] bytes = File.ReadAllBytes(Data.Shapes);
        using Model fromPath = Model.Load(Data.Shapes);
        using Model fromBytes = Model.Load(bytes, "bytes");
        using MemoryStream stream = new(bytes);
        using Model fromStream = Model.Load(stream, "stream");
        Assert.True(stream.CanRead);
        float[] expected = Run(fromPath);
        Assert.Equal(expected, Run(fromBytes));
        Assert.Equal(expected, Run(fromStream));
        Assert.Equal(bytes.Length, fromBytes.Info.FileBytes);
    }

    [Fact]
    public void FileAndStreamGetTheSameBytes()
    {
        string path = Path.Combine(Path.GetTempPath(), $"octet-ü-{Guid.NewGuid():N}.octet");
        try
        {
            using Model model = Data.LoadInt8();
            model.Save(path);
            using MemoryStream stream = new();
            model.Save(stream);
            Assert.Equal(File.ReadAllBytes(path), stream.ToArray());
            using Model again = Model.Load(path);
            Assert.Equal("octet", again.Info.SourceFormat);
            Assert.Equal(model.Info.Int8LayerCount, again.Info.Int8LayerCount);
            Assert.Equal(Run(model), Run(again));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AnInt8ModelTellsItsScalesAndRecipe()
    {
        using Model model = Data.LoadInt8();
        Assert.True(model.Info.Int8LayerCount > model.Info.LayerCount / 2);
        Assert.True(model.Info.Int8Macs > model.Info.Macs * 9 / 10);
        Assert.Contains(model.GetLayers(), layer => layer.IsInt8 && layer.Output.Scale > 0);
        Recipe recipe = Assert.IsType<Recipe>(model.Recipe);
        Assert.Equal(Recipe.FromConfig(Data.Config), recipe);
        Assert.Equal((PixelFormat.Rgb, 127.5f, 0.00784314f), (recipe.Format, recipe.Mean.X, recipe.Normal.Z));
    }

    [Fact]
    public void FailuresSayWhatAndWhere()
    {
        OctetException missing = Assert.Throws<OctetException>(() => Model.Load("/no/such/file.onnx"));
        Assert.Equal(Status.IO, missing.Status);
        Assert.Contains("/no/such/file.onnx", missing.Message);

        OctetException broken = Assert.Throws<OctetException>(() => Model.Load("not a model"u8, "broken.onnx"));
        Assert.Equal(Status.Format, broken.Status);
        Assert.Contains("broken.onnx", broken.Message);

        byte[] unknown = Onnx.Graph().Input("x", 1, 4).Node("NoSuchOperator", ["x"], "y").Output("y", 1, 4).ToBytes();
        OctetException unsupported = Assert.Throws<OctetException>(() => Model.Load(unknown, "unknown.onnx"));
        Assert.Equal(Status.Unsupported, unsupported.Status);
        Assert.Contains("NoSuchOperator", unsupported.Message);

        using Model model = Model.Load(Data.Shapes);
        Assert.Equal(Status.Unsupported, Assert.Throws<OctetException>(() => model.Save("/tmp/model.txt")).Status);
        Assert.Equal(Status.IO, Assert.Throws<OctetException>(() => model.Save("/no/such/folder/a.octet")).Status);
        Assert.Equal(
            Status.Argument,
            Assert.Throws<OctetException>(() => model.CreateSession(new() { InstructionSet = "z80" })).Status);
        Assert.Throws<ArgumentNullException>(() => Model.Load((string)null!));
    }

    [Fact]
    public void WhatAStreamThrowsWhileAModelIsSavedIsThrown()
    {
        using Model model = Model.Load(Data.Shapes);
        using BrokenStream stream = new();
        Assert.Equal("full", Assert.Throws<IOException>(() => model.Save(stream)).Message);
    }

    [Fact]
    public void TheLibraryTellsItsVersion()
    {
        string project = File.ReadLines(Path.Combine(Data.Repository, "CMakeLists.txt"))
            .Single(line => line.StartsWith("project(octet VERSION ", StringComparison.Ordinal));
        Assert.Contains($" {OctetLibrary.Version} ", project);
        Assert.Equal(1, OctetLibrary.AbiVersion.Major);
    }

    [Fact]
    public void MeasuresThePeakOfThisMachine()
    {
        Assert.Equal(0, OctetLibrary.MeasurePeak(DataType.Int8, instructionSet: "ref"));
        Assert.Equal(
            Status.Argument,
            Assert.Throws<OctetException>(() => OctetLibrary.MeasurePeak(DataType.Int8, instructionSet: "z80")).Status);
        if (System.Runtime.Intrinsics.X86.Avx2.IsSupported) Assert.True(OctetLibrary.MeasurePeak(DataType.Float32) > 1);
    }

    private static float[] Run(Model model)
    {
        using Session session = model.CreateSession();
        float[] output = new float[16];
        session.Run(Data.Random(3 * 64 * 64), output);
        Assert.Equal(1, output.Sum(), 0.05);
        return output;
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("full");
    }
}
