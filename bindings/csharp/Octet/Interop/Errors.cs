using System.Runtime.InteropServices;

namespace Octet.Interop;

internal static unsafe class Errors
{
    /// <summary>Makes an error on the stack ready for a call, without writing its kilobyte of text.</summary>
    public static void Prepare(q_error* error)
    {
        error->struct_size = (uint)sizeof(q_error);
        error->code = 0;
        error->message[0] = 0;
    }

    public static void Check(int status, q_error* error)
    {
        if (status != 0) throw Create(status, error);
    }

    public static OctetException Create(int status, q_error* error)
    {
        string message = Marshal.PtrToStringUTF8((nint)error->message) ?? "";
        return new OctetException((Status)status, message.Length > 0 ? message : StatusName(status));
    }

    public static string StatusName(int status) => Marshal.PtrToStringUTF8((nint)Native.q_status_name(status)) ?? "";
}
