using Octet.Interop;

namespace Octet;

/// <summary>
/// Calls <paramref name="piece"/> once for each number from 0 to <paramref name="count"/> - 1, in any order and on any
/// threads, and returns when all of these calls have; for example <c>(count, piece) => Parallel.For(0, count,
/// piece)</c>. Called on the thread of the run, many times in a run. What it throws is thrown by the run, whose outputs
/// are right all the same: pieces that it has not called are done on the thread of the run.
/// </summary>
public delegate void ThreadRunner(long count, Action<long> piece);

/// <summary>How to run a model.</summary>
public sealed record SessionOptions
{
    internal static readonly SessionOptions Default = new();

    /// <summary>0: 1; at most 256, of which as many are used as there are CPUs that this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Cap on the instruction set: "ref", ...; null: the environment's OCTET_ISA, else the best here.
    /// </summary>
    public string? InstructionSet { get; init; }

    /// <summary>Measure the time of every step; see <see cref="Session.GetSteps"/>.</summary>
    public bool Profile { get; init; }

    /// <summary>
    /// Address of native memory for activations and scratch, aligned to 64 bytes (<see
    /// cref="System.Runtime.InteropServices.NativeMemory.AlignedAlloc"/>); the caller's, and in use until the session
    /// is disposed. 0: the library takes the memory.
    /// </summary>
    public nint Arena { get; init; }

    /// <summary>Bytes at <see cref="Arena"/>: at least <see cref="SessionInfo.ArenaBytes"/> of <see
    /// cref="Model.MeasureSession"/>.</summary>
    public long ArenaBytes { get; init; }

    /// <summary>
    /// Threads of the caller's own instead of the library's: no thread is started then, and <see cref="Threads"/> says
    /// into how many pieces a step is divided at most (0: as many as CPUs that this process may use).
    /// </summary>
    public ThreadRunner? Runner { get; init; }

    /// <summary>
    /// Other sizes of the inputs than the model's, for this session, one for each input: more samples at a time, larger
    /// images. A size of -1 is the model's, null all of an input's. Sessions of other sizes share the model.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<long>?>? InputShapes { get; init; }

    internal unsafe q_session_options ToNative(q_str isa, Pieces? pieces, Scope scope) => new()
    {
        struct_size = (uint)sizeof(q_session_options),
        threads = Threads,
        isa = isa,
        profile = Profile ? 1 : 0,
        runner = pieces is null ? null : Pieces.Runner,
        runner_user = pieces is null ? null : pieces.User,
        arena = (void*)Arena,
        arena_bytes = checked((nuint)ArenaBytes),
        input_shapes = scope.Shapes(InputShapes),
        input_shape_count = InputShapes?.Count ?? 0,
    };
}

/// <summary>A session in numbers.</summary>
public sealed record SessionInfo
{
    /// <summary>The instruction set that it uses.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>Threads that it uses.</summary>
    public int Threads { get; init; }

    /// <summary>Steps of a run.</summary>
    public int StepCount { get; init; }

    /// <summary>Memory for activations and scratch.</summary>
    public long ArenaBytes { get; init; }

    /// <summary>Packed weights, shared by the sessions of a model that use the same instruction set.</summary>
    public long PackedBytes { get; init; }

    internal static SessionInfo From(in q_session_info info) => new()
    {
        InstructionSet = info.isa.ToString(),
        Threads = info.threads,
        StepCount = info.step_count,
        ArenaBytes = info.arena_bytes,
        PackedBytes = info.packed_bytes,
    };
}

/// <summary>A step of a run.</summary>
public sealed record StepInfo
{
    /// <summary>Name of the layer.</summary>
    public required string Name { get; init; }

    /// <summary>The operator.</summary>
    public required string Operator { get; init; }

    /// <summary>The kernel that computes it.</summary>
    public required string Kernel { get; init; }

    /// <summary>Whether it computes in int8.</summary>
    public bool IsInt8 { get; init; }

    /// <summary>Multiply-accumulates.</summary>
    public long Macs { get; init; }

    /// <summary>Time in the last run; zero without <see cref="SessionOptions.Profile"/>.</summary>
    public TimeSpan LastTime { get; init; }

    /// <summary>Time since the session was created; zero without <see cref="SessionOptions.Profile"/>.</summary>
    public TimeSpan TotalTime { get; init; }
}
