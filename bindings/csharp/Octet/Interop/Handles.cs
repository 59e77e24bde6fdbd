using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Octet.Interop;

// A handle counts the calls that use it, so that memory is never freed under a call that runs on another thread.

internal sealed class ModelHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        Native.q_model_free(handle);
        return true;
    }
}

internal sealed class SessionHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <summary>What runs on the caller's threads; needed as long as the session is.</summary>
    public Pieces? Pieces { get; set; }

    protected override bool ReleaseHandle()
    {
        Native.q_session_free(handle);
        Pieces?.Dispose();
        return true;
    }
}

internal sealed class ImageHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        Native.q_image_free(handle);
        return true;
    }
}

internal sealed class ReportHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        Native.q_report_free(handle);
        return true;
    }
}

/// <summary>
/// Keeps a handle's memory for as long as what was borrowed from it is read, whoever disposes it meanwhile.
/// </summary>
internal readonly ref struct Hold
{
    private readonly SafeHandle? _handle;

    /// <summary>Nothing for null, such as the owner of memory that is the caller's.</summary>
    /// <exception cref="ObjectDisposedException">It is disposed already.</exception>
    public Hold(SafeHandle? handle)
    {
        bool added = false;
        handle?.DangerousAddRef(ref added);
        _handle = handle;
    }

    public void Dispose() => _handle?.DangerousRelease();
}
