using System.Runtime.InteropServices;

namespace Octet.Interop;

/// <summary>Native memory for the texts and shapes of one call; freed at its end.</summary>
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

    /// <summary>An array of shapes; null for none.</summary>
    public q_shape* Shapes(IReadOnlyList<IReadOnlyList<long>?>? shapes)
    {
        if (shapes is null || shapes.Count == 0) return null;
        q_shape* array = (q_shape*)Marshal.AllocCoTaskMem(checked(shapes.Count * sizeof(q_shape)));
        (_blocks ??= []).Add((nint)array);
        for (int i = 0; i < shapes.Count; ++i)
        {
            array[i] = default;
            if (shapes[i] is not { Count: > 0 } shape) continue;
            long* dims = (long*)Marshal.AllocCoTaskMem(checked(shape.Count * sizeof(long)));
            _blocks.Add((nint)dims);
            for (int d = 0; d < shape.Count; ++d) dims[d] = shape[d];
            array[i] = new q_shape { dims = dims, rank = shape.Count };
        }
        return array;
    }

    public void Dispose()
    {
        if (_blocks is null) return;
        foreach (nint block in _blocks) Marshal.FreeCoTaskMem(block);
    }
}
