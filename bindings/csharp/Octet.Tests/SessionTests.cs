using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Octet.Tests;

public class SessionTests
{
    [Fact]
    public void RunsSeveralInputsAndOutputs()
    {
        using Model model = Data.TwoInputs();
        using Session session = model.CreateSession();
        float[] a = Data.Random(12, 1), b = Data.Random(12, 2), sum = new float[12], positive = new float[12];
        session.Run([a, b], [sum, positive]);
        for (int i = 0; i < 12; ++i)
        {
            Assert.Equal(a[i] + b[i], sum[i]);
            Assert.Equal(Math.Max(sum[i], 0), positive[i]);
        }

        // One that is not wanted.
        float[] second = new float[12];
        session.Run([a, b], [default, second]);
        Assert.Equal(positive, second);
    }

    [Fact]
    public void HasInputsOfOtherSizesThanTheModel()
    {
        using Model model = Data.TwoInputs();
        long[] shape = [3, -1, -1, 5];
        using Session session = model.CreateSession(new SessionOptions { InputShapes = [shape, shape] });
        Assert.Equal([3, 2, 2, 5], session.GetInput(1).Dimensions);
        Assert.Equal([3, 2, 2, 5], session.GetOutput(0).Dimensions);
        Assert.Equal([1, 2, 2, 3], model.Inputs[1].Dimensions);
        Assert.Equal("", model.GetOpenSize(1, 0));
        Assert.Throws<OctetException>(() => model.GetOpenSize(1, 4));
        float[] a = Data.Random(60, 1), b = Data.Random(60, 2), sum = new float[60], positive = new float[60];
        session.Run([a, b], [sum, positive]);
        for (int i = 0; i < 60; ++i) Assert.Equal(a[i] + b[i], sum[i]);

        OctetException failure = Assert.Throws<OctetException>(
            () => model.CreateSession(new SessionOptions { InputShapes = [shape, null] }));
        Assert.Equal(Status.Shape, failure.Status);
        failure = Assert.Throws<OctetException>(
            () => model.MeasureSession(new SessionOptions { InputShapes = [shape] }));
        Assert.Equal(Status.Argument, failure.Status);
    }

    [Fact]
    public void TakesAndGivesStridedMemory()
    {
        using Model model = Data.TwoInputs();
        using Session session = model.CreateSession();
        float[] a = Data.Random(12, 1), b = Data.Random(12, 2), sum = new float[12], positive = new float[12];
        session.Run([a, b], [sum, positive]);

        // Channels last: channel c of pixel p lies at 2 * p + c.
        float[] turned = new float[12], turnedSum = new float[12];
        for (int c = 0; c < 2; ++c)
        {
            for (int p = 0; p < 6; ++p) turned[(2 * p) + c] = a[(6 * c) + p];
        }
        long[] strides = [12, 1, 6, 2];
        session.Run([new Tensor(turned, strides), b], [new Tensor(turnedSum, strides), default]);
        for (int c = 0; c < 2; ++c)
        {
            for (int p = 0; p < 6; ++p) Assert.Equal(sum[(6 * c) + p], turnedSum[(2 * p) + c]);
        }
    }

    [Fact]
    public void RunsInInt8WithoutConversion()
    {
        using Model model = Data.Int8Ends();
        TensorInfo input = model.Inputs[0], output = model.Outputs[0];
        Assert.Equal((DataType.Int8, DataType.Int8), (input.DataType, output.DataType));
        using Session session = model.CreateSession();
        sbyte[] quantized = new sbyte[input.ElementCount], raw = new sbyte[output.ElementCount];
        sbyte[] again = new sbyte[raw.Length];
        new Random(3).NextBytes(MemoryMarshal.AsBytes(quantized.AsSpan()));
        float[] real = quantized.Select(q => input.Scale * (q - input.ZeroPoint)).ToArray();
        float[] expected = new float[raw.Length];
        session.Run(real, expected);
        session.RunInt8(quantized, raw);
        Assert.True(raw.Distinct().Count() > 10);
        Assert.Equal(expected, raw.Select(q => output.Scale * (q - output.ZeroPoint)));
        session.Run([quantized], [again]);
        Assert.Equal(raw, again);
    }

    [Fact]
    public void WrongSizesAndTypesAreErrorsAndRunNothing()
    {
        using Model model = Data.TwoInputs();
        using Session session = model.CreateSession();
        float[] full = new float[12], output = Enumerable.Repeat(7f, 12).ToArray();
        AssertArgument(() => session.Run(full, output)); // one input of two
        AssertArgument(() => session.Run([full, new float[11]], [output, default]));
        AssertArgument(() => session.Run([full, full], [output]));
        AssertArgument(() => session.Run([full, full], [output, Array.Empty<float>()]));
        AssertArgument(() => session.Run([full, new sbyte[12]], [output, default]));
        AssertArgument(() => session.Run(Array.Empty<Tensor>(), Array.Empty<Tensor>()));
        Assert.All(output, value => Assert.Equal(7f, value));

        using Model tiny = Data.Tiny();
        using Session small = tiny.CreateSession();
        AssertArgument(() => small.Run(new float[8], []));
        AssertArgument(() => small.Run([], new float[8]));
        AssertArgument(() => small.RunInt8(new sbyte[8], new sbyte[8]));
    }

    [Fact]
    public void TellsItsStepsAndTheirTimes()
    {
        using Model model = Data.LoadInt8();
        using Session session = model.CreateSession(new() { Profile = true, InstructionSet = "ref" });
        SessionInfo info = session.Info;
        Assert.Equal(("ref", 1), (info.InstructionSet, info.Threads));
        Assert.Equal(info, model.MeasureSession(new() { Profile = true, InstructionSet = "ref" }));
        session.Run(Data.Random(3 * 64 * 64), new float[16]);
        session.Run(Data.Random(3 * 64 * 64), new float[16]);
        IReadOnlyList<StepInfo> steps = session.GetSteps();
        Assert.Equal(info.StepCount, steps.Count);
        Assert.All(steps, step => Assert.NotEqual("", step.Kernel));
        Assert.Contains(steps, step => step.IsInt8 && step.Macs > 0 && step.LastTime > TimeSpan.Zero);
        Assert.True(steps.Sum(step => step.TotalTime.Ticks) > steps.Sum(step => step.LastTime.Ticks));
    }

    [Fact]
    public void ThreadsDoNotChangeTheResult()
    {
        using Model model = Data.LoadInt8();
        float[] input = Data.Random(3 * 64 * 64), one = new float[16], two = new float[16];
        using Session single = model.CreateSession();
        using Session twofold = model.CreateSession(new() { Threads = 2 });
        single.Run(input, one);
        twofold.Run(input, two);
        Assert.Equal(one, two);
    }

    [Fact]
    public unsafe void RunsInMemoryOfTheCaller()
    {
        using Model model = Data.LoadInt8();
        long size = model.MeasureSession().ArenaBytes;
        byte* arena = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64);
        new Span<byte>(arena, (int)size).Fill(0x55);
        float[] input = Data.Random(3 * 64 * 64), expected = new float[16], output = new float[16];
        using (Session session = model.CreateSession()) session.Run(input, expected);
        using (Session session = model.CreateSession(new() { Arena = (nint)arena, ArenaBytes = size }))
        {
            session.Run(input, output);
            Assert.Equal(expected, output);
            Assert.Contains(new Span<byte>(arena, (int)size).ToArray(), value => value != 0x55);
        }
        AssertArgument(() => model.CreateSession(new() { Arena = (nint)arena, ArenaBytes = size - 64 }));
        AssertArgument(() => model.CreateSession(new() { Arena = (nint)arena + 4, ArenaBytes = size }));
        NativeMemory.AlignedFree(arena);
    }

    [Fact]
    public void RunsOnThreadsOfTheCaller()
    {
        using Model model = Data.LoadInt8();
        float[] input = Data.Random(3 * 64 * 64), expected = new float[16], output = new float[16];
        using (Session session = model.CreateSession()) session.Run(input, expected);

        int calls = 0;
        AssertRight((count, piece) =>
        {
            Assert.InRange(count, 2, 4);
            ++calls;
            Parallel.For(0, count, piece);
        });
        Assert.InRange(calls, 1, int.MaxValue);
        AssertRight((count, piece) => { }); // what it leaves is done all the same, and what it calls twice only once
        AssertRight((count, piece) =>
        {
            for (long i = -1; i <= count; ++i) piece(i);
            piece(0);
        });

        using Session failing = model.CreateSession(new()
        {
            Threads = 4,
            Runner = (count, piece) => throw new InvalidTimeZoneException("from the runner"),
        });
        Array.Clear(output);
        Exception thrown = Assert.Throws<InvalidTimeZoneException>(() => failing.Run(input, output));
        Assert.Equal("from the runner", thrown.Message);
        Assert.Equal(expected, output);

        void AssertRight(ThreadRunner runner)
        {
            SessionOptions options = new() { Threads = 4, Runner = runner };
            using Session session = model.CreateSession(options);
            Assert.Equal(session.Info, model.MeasureSession(options));
            Array.Clear(output);
            session.Run(input, output);
            Assert.Equal(expected, output);
        }
    }

    [Fact]
    public void SessionsOfOneModelRunAtTheSameTime()
    {
        using Model model = Data.LoadInt8();
        float[][] inputs = Enumerable.Range(0, 4).Select(i => Data.Random(3 * 64 * 64, i)).ToArray();
        float[][] expected = inputs.Select(input =>
        {
            using Session session = model.CreateSession();
            float[] output = new float[16];
            session.Run(input, output);
            return output;
        }).ToArray();
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            using Session session = model.CreateSession();
            float[] output = new float[16];
            for (int run = 0; run < 200; ++run)
            {
                session.Run(inputs[i], output);
                Assert.Equal(expected[i], output);
            }
        });
    }

    [Fact]
    public void ATokenEndsARunThatIsInProgress()
    {
        using Model model = Data.Slow();
        using Session session = model.CreateSession(Data.SlowOptions);
        float[] input = Data.Random(16 * 128 * 128);
        float[] expected = new float[input.Length], output = new float[input.Length];
        session.Run(input, expected);

        using CancellationTokenSource source = new();
        Stopwatch watch = Stopwatch.StartNew();
        source.CancelAfter(20);
        OperationCanceledException exception =
            Assert.ThrowsAny<OperationCanceledException>(() => session.Run(input, output, source.Token));
        Assert.Equal(source.Token, exception.CancellationToken);
        Assert.True(watch.ElapsedMilliseconds >= 15, "it ended before it was cancelled");
        Assert.All(output, value => Assert.Equal(0, value));

        // Cancelled before it began; then without the token the session runs as before.
        Assert.ThrowsAny<OperationCanceledException>(() => session.Run(input, output, source.Token));
        session.Run(input, output);
        Assert.Equal(expected, output);
        using CancellationTokenSource other = new();
        Array.Clear(output);
        session.Run(input, output, other.Token);
        Assert.Equal(expected, output);
    }

    [Fact]
    public void ASessionThatRunsOnAnotherThreadIsLeftAlone()
    {
        using Model model = Data.Slow();
        using Session session = model.CreateSession(Data.SlowOptions);
        float[] input = Data.Random(16 * 128 * 128);
        float[] expected = new float[input.Length], output = new float[input.Length];
        session.Run(input, expected);
        using ManualResetEventSlim started = new();
        Thread run = new(() =>
        {
            started.Set();
            session.Run(input, output);
        });
        run.Start();
        started.Wait();
        InvalidOperationException? refused = null;
        for (int i = 0; i < 100 && refused is null && run.IsAlive; ++i)
        {
            try
            {
                session.Run(Array.Empty<float>(), Array.Empty<float>()); // before the other has begun: a wrong size
            }
            catch (InvalidOperationException exception)
            {
                refused = exception;
            }
            catch (OctetException)
            {
                Thread.Sleep(1);
            }
        }
        Assert.Contains("another thread", refused?.Message);
        session.Dispose(); // the run goes on to its end
        run.Join();
        Assert.Equal(expected, output);
        Assert.Throws<ObjectDisposedException>(() => session.Run(input, output));
    }

    [Fact]
    public void DisposingWhileOthersReadIsSafe()
    {
        byte[] bytes = File.ReadAllBytes(Data.Shapes);
        for (int i = 0; i < 30; ++i)
        {
            using Model model = Model.Load(bytes);
            using Session session = model.CreateSession();
            using Image image = Image.Load(Data.Picture);
            int read = 0;
            Thread[] readers = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        Assert.Equal("image", model.Inputs[0].Name);
                        Assert.All(model.GetLayers(), layer => Assert.NotEqual("", layer.Operator));
                        Assert.Equal(64, image.Pixels.GetMapping(model, recipe: new Recipe()).X(64));
                        Interlocked.Increment(ref read);
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            })).ToArray();
            foreach (Thread reader in readers) reader.Start();
            while (Volatile.Read(ref read) == 0) Thread.Yield();
            if (i % 2 == 0) image.Dispose();
            else model.Dispose();
            foreach (Thread reader in readers) reader.Join();
        }
    }

    [Fact]
    public void DisposedObjectsThrowAndASecondDisposeDoesNothing()
    {
        Model model = Data.LoadInt8();
        Session session = model.CreateSession();
        _ = model.Inputs;
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Info);
        Assert.Throws<ObjectDisposedException>(() => model.Inputs);
        Assert.Throws<ObjectDisposedException>(() => model.Recipe);
        Assert.Throws<ObjectDisposedException>(() => model.GetLayers());
        Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
        Assert.Throws<ObjectDisposedException>(() => model.Save("a.octet"));
        Assert.Throws<ObjectDisposedException>(() => model.Quantize(new QuantizeOptions()));

        float[] output = new float[16];
        session.Run(Data.Random(3 * 64 * 64), output); // needs no model any more
        Assert.Equal(1, output.Sum(), 0.05);
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Run(new float[3 * 64 * 64], output));
        Assert.Throws<ObjectDisposedException>(() => session.Info);
        Assert.Throws<ObjectDisposedException>(() => session.GetSteps());

        Image image = Image.Load(Data.Picture);
        image.Dispose();
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => image.Pixels.Width);
        using Model network = Model.Load(Data.Shapes);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            Image disposed = Image.Load(Data.Picture);
            Pixels pixels = disposed.Pixels;
            disposed.Dispose();
            pixels.ToInput(network, new float[3 * 64 * 64]); // not from memory that is no longer there
        });
    }

    private static void AssertArgument(Action run) =>
        Assert.Equal(Status.Argument, Assert.Throws<OctetException>(run).Status);
}
