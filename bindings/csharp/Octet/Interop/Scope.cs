using System.Runtime.InteropServices;

namespace Octet.Interop;

/// <summary>Native memory for the texts of one call; freed at its end.</summary>
internal sealed unsafe class Scope : IDisposable
{
    private List<nint>? _blocks;

    /// <summary>UTF-8 of the text; empty for null.</summary>
    public q_str Text(string? text)
    {
        if (string.IsNullOrEmpty(text)) return default;
        byte* data = (byte*)Marshal.StringToCoTaskMemUTF8(text);
        (_blocks ??= []).Add((nint)data);
        return new q_str { data = data, size = (nuint)System.Text.Encoding.UTF8.GetByteCount(text) };
    }

    /// <summary>An array of texts; null for none.</summary>
    public q_str* Texts(IReadOnlyList<string>? texts)
    {
        if (texts is null || texts.Count == 0) return null;
        q_str* array = (q_str*)Marshal.AllocCoTaskMem(checked(texts.Count * sizeof(q_str)));
        (_blocks ??= []).Add((nint)array);
        for (int i = 0; i < texts.Count; ++i) array[i] = Text(texts[i]);
        return array;
    }

    public void Dispose()
    {
        if (_blocks is null) return;
        foreach (nint block in _blocks) Marshal.FreeCoTaskMem(block);
    }
}
