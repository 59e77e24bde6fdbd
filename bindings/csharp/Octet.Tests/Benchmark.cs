using System.Diagnostics;
using System.Runtime.InteropServices;
using Octet.Interop;

namespace Octet.Tests;

/// <summary>
/// What a run costs beyond the same run from C: both on one session, alternating, the shortest times of all.
/// </summary>
internal static unsafe class Benchmark
{
    private const int Runs = 2_000;
    private const int Rounds = 200;

    public static void Run()
    {
        // A loop in C around q_session_run, which tests/checks/csharp.sh compiles.
        nint loop = NativeLibrary.GetExport(NativeLibrary.Load(Data.FromCheck("OCTET_LOOP")), "loop");
        nint library = NativeLibrary.Load(Data.FromCheck("OCTET_LIBRARY"));
        nint run = NativeLibrary.GetExport(library, "q_session_run");
        var inC = (delegate* unmanaged[Cdecl]<nint, nint, q_tensor*, q_tensor*, int, int>)loop;

        using Model model = Data.Tiny();
        using Session session = model.CreateSession();
        using CancellationTokenSource source = new();
        nint handle = session.DangerousHandle;
        float[] input = GC.AllocateArray<float>(8, pinned: true), output = GC.AllocateArray<float>(8, pinned: true);
        Tensor[] inputs = [input], outputs = [output];
        q_tensor* views = stackalloc q_tensor[] { View(input), View(output) };
        double c = double.MaxValue, plain = c, token = c, general = c;
        for (int round = 0; round < Rounds; ++round)
        {
            c = Math.Min(c, Time(() =>
            {
                if (inC(run, handle, views, views + 1, Runs) != 0) throw new InvalidOperationException("C failed");
            }));
            plain = Math.Min(plain, Time(() =>
            {
                for (int i = 0; i < Runs; ++i) session.Run(input, output);
            }));
            token = Math.Min(token, Time(() =>
            {
                for (int i = 0; i < Runs; ++i) session.Run(input, output, source.Token);
            }));
            general = Math.Min(general, Time(() =>
            {
                for (int i = 0; i < Runs; ++i) session.Run(inputs, outputs);
            }));
        }
        Console.WriteLine(
            $"a run of 8 values: C {c:0} ns; C# {plain:0} ns (+{plain - c:0}), with a token {token:0} ns " +
            $"(+{token - c:0}), through tensors {general:0} ns (+{general - c:0}); aim: at most +2000 ns");
    }

    private static q_tensor View(float[] pinned) => new()
    {
        data = (void*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0),
        size_bytes = (nuint)pinned.Length * sizeof(float),
    };

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / Runs;
    }
}
