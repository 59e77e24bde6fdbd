using System.Runtime.InteropServices;
using Octet.Interop;

namespace Octet;

/// <summary>The native library itself.</summary>
public static unsafe class OctetLibrary
{
    /// <summary>The release of the native library, such as "0.1.0".</summary>
    /// <exception cref="DllNotFoundException">The native library was not found; the message lists every path tried.
    /// Every other first call into the library can throw it as well.</exception>
    public static string Version => Marshal.PtrToStringUTF8((nint)Native.q_version()) ?? "";

    /// <summary>The ABI of the native library. Its major version is the one that this binding needs.</summary>
    public static Version AbiVersion
    {
        get
        {
            uint version = Native.q_abi_version();
            return new Version((int)(version >> 16), (int)(version & 0xffff));
        }
    }

    /// <summary>
    /// Measures what the multipliers of this machine can do at most: billions of multiply-accumulates a second, over
    /// registers alone. Takes about a twentieth of a second. 0 for "ref", which has no such instruction.
    /// </summary>
    /// <param name="dataType">What is multiplied.</param>
    /// <param name="threads">Threads at the same time, at most as many as this process has CPUs; 0 means 1.</param>
    /// <param name="instructionSet">As <see cref="SessionOptions.InstructionSet"/>.</param>
    /// <exception cref="OctetException">The instruction set is unknown or not of this CPU.</exception>
    public static double MeasurePeak(DataType dataType, int threads = 0, string? instructionSet = null)
    {
        using Scope scope = new();
        q_error error;
        Errors.Prepare(&error);
        double gmacs;
        Errors.Check(Native.q_measure_peak(scope.Text(instructionSet), (int)dataType, threads, &gmacs, &error), &error);
        return gmacs;
    }
}
