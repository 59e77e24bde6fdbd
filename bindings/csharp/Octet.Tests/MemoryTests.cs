using System.Runtime.CompilerServices;
using Xunit;

namespace Octet.Tests;

public class MemoryTests
{
    [Fact]
    public void ARunAllocatesNoManagedMemory()
    {
        using Model model = Data.LoadInt8();
        using Session session = model.CreateSession();
        using Model bytes = Data.Int8Ends();
        using Session inInt8 = bytes.CreateSession();
        using Model two = Data.TwoInputs();
        using Session several = two.CreateSession();
        using Image image = Image.Load(Data.Picture);
        using CancellationTokenSource source = new();
        Recipe recipe = model.Recipe!;
        float[] input = Data.Random(3 * 64 * 64), output = new float[16], a = new float[12], sum = new float[12];
        sbyte[] quantized = new sbyte[3 * 8 * 8], raw = new sbyte[4 * 6 * 6];
        long[] strides = [12, 6, 3, 1];

        AssertNone(() => session.Run(input, output));
        AssertNone(() => session.Run(input, output, source.Token));
        AssertNone(() => inInt8.RunInt8(quantized, raw));
        AssertNone(() => several.Run([a, a], [sum, default]));
        AssertNone(() => several.Run([new Tensor(a, strides), a], [default, sum], source.Token));
        AssertNone(() => session.RunImage(image.Pixels, output));
        AssertNone(() => session.RunImage(image.Pixels, [output], recipe));

        static void AssertNone(Action run)
        {
            for (int i = 0; i < 100; ++i) run(); // until the methods are compiled
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; ++i) run();
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void HundredThousandRunsLeakNothing()
    {
        using Model model = Data.LoadInt8();
        using Session session = model.CreateSession();
        using CancellationTokenSource source = new();
        float[] input = Data.Random(3 * 64 * 64), output = new float[16];
        AssertFlat(100_000, 1 << 20, () => session.Run(input, output, source.Token));
    }

    [Fact]
    public void FailingRunsLeakNothing()
    {
        using Model model = Data.Tiny();
        using Session session = model.CreateSession();
        float[] wrong = new float[7], output = new float[8];
        AssertFlat(5_000, 1 << 19, () => Assert.Throws<OctetException>(() => session.Run(wrong, output)));
    }

    [Fact]
    public void LoadingAndDisposingLeaksNothing()
    {
        byte[] bytes = File.ReadAllBytes(Data.Shapes), picture = File.ReadAllBytes(Data.Picture);
        AssertFlat(300, 1 << 20, () =>
        {
            using Model model = Model.Load(bytes);
            using Session session = model.CreateSession();
            using Image image = Image.Decode(picture);
            _ = model.GetLayers().Count + model.Inputs.Count + session.GetSteps().Count;
        });
    }

    [Fact]
    public void WhatIsNeverDisposedIsFreedByTheCollector()
    {
        byte[] bytes = File.ReadAllBytes(Data.Shapes);
        AssertFlat(5, 1 << 21, () =>
        {
            for (int i = 0; i < 20; ++i) Drop(bytes);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        });

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop(byte[] bytes) => _ = Model.Load(bytes).CreateSession().Info;
    }

    [Fact]
    public void QuantizingLeaksNothing()
    {
        using Model network = Data.Convolution();
        ISampleSource samples = SampleSource.FromMemory([Data.Random(3 * 8 * 8)]);
        AssertFlat(300, 1 << 19, () =>
        {
            using Model model = network.Quantize(new QuantizeOptions { Samples = samples }, out Report report);
            _ = report.GetLayers().Count;
            report.Dispose();
        });
    }

    // After some calls for warming up; a leak makes every block of calls grow, heaps that settle only the first ones.
    private static void AssertFlat(int runs, long allowedBytes, Action run)
    {
        const int Blocks = 5;
        for (int i = 0; i < runs / 10; ++i) run();
        List<long> growth = [];
        long before = Resident();
        for (int block = 0; block < Blocks; ++block)
        {
            for (int i = 0; i < runs; ++i) run();
            long now = Resident();
            growth.Add(now - before);
            before = now;
            if (growth[block] <= allowedBytes) return;
        }
        Assert.Fail($"every {runs} calls make the process grow, by {string.Join(", ", growth)} bytes");
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    }
}
