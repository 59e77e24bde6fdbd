using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Octet.Interop;

/// <summary>
/// What the callbacks of one native call need, and the exception that one of them threw: it may not pass through C, so
/// it is kept, the call is asked to end, and <see cref="Finish"/> throws it again.
/// </summary>
internal sealed unsafe class Callbacks : IDisposable
{
    private readonly IProgress<CallProgress>? _progress;
    private readonly Action<LogLevel, string>? _log;
    private readonly CancellationToken _cancellationToken;
    private GCHandle _self;
    private ExceptionDispatchInfo? _failure;
    private bool _cancelled; // a callback has asked for the end; the status depends on which one it was

    public Callbacks(
        IProgress<CallProgress>? progress, Action<LogLevel, string>? log, CancellationToken cancellationToken)
    {
        _progress = progress;
        _log = log;
        _cancellationToken = cancellationToken;
        _self = GCHandle.Alloc(this);
    }

    public ISampleSource? Samples { get; init; }

    public Stream? Target { get; init; }

    public void* User => (void*)GCHandle.ToIntPtr(_self);

    /// <summary>q_progress_fn. Also what ends a call whose log threw, so every call with a log has it.</summary>
    public static void* Progress => (delegate* unmanaged[Cdecl]<void*, q_progress*, int>)&OnProgress;

    /// <summary>q_log_fn, or null without a log.</summary>
    public void* Log => _log is null ? null : (delegate* unmanaged[Cdecl]<void*, int, q_str, void>)&OnLog;

    /// <summary>The member `load` of q_calibration.</summary>
    public static void* Load => (delegate* unmanaged[Cdecl]<void*, long, q_tensor*, int, int>)&OnLoad;

    /// <summary>q_write_fn.</summary>
    public static void* Write => (delegate* unmanaged[Cdecl]<void*, q_bytes, int>)&OnWrite;

    /// <summary>Throws what a callback threw, else what the call's status says.</summary>
    public void Finish(int status, q_error* error)
    {
        _failure?.Throw();
        if (status == 0) return;
        OctetException exception = Errors.Create(status, error);
        if (!_cancelled && exception.Status != Status.Cancelled) throw exception;
        throw new OperationCanceledException("The operation was cancelled.", exception, _cancellationToken);
    }

    public void Dispose() => _self.Free();

    private static Callbacks From(void* user) => (Callbacks)GCHandle.FromIntPtr((nint)user).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnProgress(void* user, q_progress* progress)
    {
        Callbacks self = From(user);
        return self.Guard(() =>
        {
            double seconds = progress->seconds_left;
            TimeSpan? left = seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
            self._progress?.Report(new(progress->stage.ToString(), progress->done, progress->total, left));
        });
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(void* user, int level, q_str message)
    {
        Callbacks self = From(user);
        self.Guard(() => self._log?.Invoke((LogLevel)level, message.ToString()));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnLoad(void* user, long index, q_tensor* inputs, int count)
    {
        Callbacks self = From(user);
        return self.Guard(() => self.Samples!.Load(index, new SampleTensors(inputs, count)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnWrite(void* user, q_bytes part)
    {
        Callbacks self = From(user);
        return self.Guard(() => self.Target!.Write(new ReadOnlySpan<byte>(part.data, checked((int)part.size))));
    }

    // 0 to go on; after an exception or a cancellation nothing more is called.
    private int Guard(Action action)
    {
        if (_failure is not null) return 1;
        try
        {
            if (!_cancellationToken.IsCancellationRequested) action();
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            return 1;
        }
        if (!_cancellationToken.IsCancellationRequested) return 0;
        _cancelled = true;
        return 1;
    }
}
