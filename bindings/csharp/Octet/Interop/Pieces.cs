using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Octet.Interop;

/// <summary>
/// Hands the pieces of a session's steps to the caller's threads. Each piece is done once and before the step ends,
/// whatever the caller's runner does, since the library relies on it.
/// </summary>
internal sealed unsafe class Pieces : IDisposable
{
    private readonly ThreadRunner _runner;
    private readonly Action<long> _piece;
    private int[] _isTaken = new int[256]; // at most as many pieces as a session may have threads
    private GCHandle _self;
    private ExceptionDispatchInfo? _failure;
    private delegate* unmanaged[Cdecl]<void*, long, void> _function;
    private void* _argument;
    private long _count;
    private long _done;

    public Pieces(ThreadRunner runner)
    {
        _runner = runner;
        _piece = Do;
        // Weak, since the runner may hold the session, which holds this: else neither would ever be collected.
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
    }

    /// <summary>q_runner_fn.</summary>
    public static void* Runner =>
        (delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<void*, long, void>, void*, long, void>)&OnRun;

    public void* User => (void*)GCHandle.ToIntPtr(_self);

    /// <summary>After a run: throws what the runner threw in it.</summary>
    public void ThrowFailure()
    {
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    /// <summary>When the session is freed.</summary>
    public void Dispose()
    {
        if (_self.IsAllocated) _self.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnRun(
        void* user, delegate* unmanaged[Cdecl]<void*, long, void> function, void* argument, long count) =>
        ((Pieces)GCHandle.FromIntPtr((nint)user).Target!).Run(function, argument, count);

    private void Run(delegate* unmanaged[Cdecl]<void*, long, void> function, void* argument, long count)
    {
        _function = function;
        _argument = argument;
        _done = 0;
        if (count > _isTaken.Length) _isTaken = new int[count];
        Array.Clear(_isTaken, 0, (int)count);
        Volatile.Write(ref _count, count);
        try
        {
            _runner(count, _piece);
        }
        catch (Exception exception)
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        }
        for (long piece = 0; piece < count; ++piece) Do(piece);
        SpinWait wait = default;
        while (Volatile.Read(ref _done) < count) wait.SpinOnce();
        Volatile.Write(ref _count, 0); // a call that comes late, against the rule, finds nothing to do
    }

    private void Do(long piece)
    {
        if (piece < 0 || piece >= Volatile.Read(ref _count)) return;
        if (Interlocked.Exchange(ref _isTaken[piece], 1) != 0) return;
        _function(_argument, piece);
        Interlocked.Increment(ref _done);
    }
}
